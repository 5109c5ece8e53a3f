import { z } from 'zod';
import { Family } from './identifiers.ts';

/**
 * What changes in one table of one family. Entries are rules as `-A CHAIN …`, and policies of built-in chains as `-P CHAIN
 * POLICY`. If only the order of a chain changes, the rules that move are in both lists.
 */
export const TableDiff = z.object({
  family: Family,
  table: z.string(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
  /** Hooks that stand in the wrong place. Each is in both lists, too. */
  moved: z.array(z.string()).optional(),
  truncated: z.boolean(),
});
export type TableDiff = z.infer<typeof TableDiff>;

/** The counts are of all rules, even if the lists in `tables` are cut. Tables without a change are not listed. */
export const Diff = z.object({
  added: z.int(),
  removed: z.int(),
  unchanged: z.int(),
  tables: z.array(TableDiff),
  /** Some live rules have bytes that are not UTF-8. They are written as `\\xNN`. */
  escaped: z.boolean().optional(),
});
export type Diff = z.infer<typeof Diff>;
