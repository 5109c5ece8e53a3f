import * as z from 'zod';
import { Family } from '../words/identifiers.ts';
import { Reach } from './reach.ts';

/**
 * What changes in one table of one family. Entries are rules as `-A CHAIN …`, and policies of built-in chains as `-P CHAIN
 * POLICY`. If only the order of a chain changes, the rules that move are in both lists.
 */
export const TableDiff = z.object({
  family: Family,
  table: z.string().describe('The name of the table, such as filter.'),
  added: z.array(z.string()).describe('Rules that come: -A CHAIN …; or policies: -P CHAIN POLICY.'),
  removed: z.array(z.string()).describe('Rules that go, in the same form.'),
  moved: z
    .array(z.string())
    .optional()
    .describe('Hooks that stand in the wrong place. Each is in both lists, too.'),
  truncated: z.boolean().describe('Whether the lists are cut.'),
});
export type TableDiff = z.infer<typeof TableDiff>;

export const Escaped = z
  .boolean()
  .optional()
  .describe('Whether live rules have bytes that are not UTF-8. They are written as \\xNN.');

/** The counts are of all rules, even if the lists in `tables` are cut. */
export const Diff = z.object({
  added: z.int().describe('How many rules come, also where the lists are cut.'),
  removed: z.int().describe('How many rules go.'),
  unchanged: z.int().describe('How many rules stay as they are.'),
  tables: z.array(TableDiff).describe('The tables that change.'),
  escaped: Escaped,
  reach: Reach.optional().describe(
    'What the change opens and closes, by packets that were sent in a rehearsal (check). Without it, that was not asked, or nothing changes.',
  ),
});
export type Diff = z.infer<typeof Diff>;
