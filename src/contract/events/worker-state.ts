import * as z from 'zod';
import { Digest, ENDING_FIELDS, Revision, RulesetName, Scope } from '../words/identifiers.ts';
import { HeldList } from './list-state.ts';
import { Origin } from './worker-facts.ts';

const HeldRuleset = z.object({
  name: RulesetName,
  revision: Revision,
  digest: Digest,
  scope: Scope,
  inSync: z
    .boolean()
    .nullable()
    .describe('Whether what is live is what was committed; null: not compared since the worker started.'),
  ...ENDING_FIELDS,
});

/** The state of a host, as its worker tells it. */
export const WorkerState = Origin.extend({
  groups: z.array(z.string()).describe('The groups that the host is in.'),
  rulesets: z.array(HeldRuleset).describe('The rulesets that are committed on the host.'),
  removed: z
    .array(z.object({ name: RulesetName, revision: Revision }))
    .optional()
    .describe(
      'Removed rulesets. A new job for such a name needs a higher revision. An addition to contract v1.',
    ),
  lists: z
    .array(HeldList)
    .optional()
    .describe('The lists that the host holds; absent: it cannot hold any, or its worker knows of none.'),
  capabilities: z
    .array(z.string())
    .optional()
    .describe('What the host can do besides rulesets, such as lists.'),
  unready: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Why the host would fail the jobs that it is sent, by what is wrong (state, undo, rights); absent: it would do them, as far as its worker knows. An addition to contract v1.',
    ),
  pending: z.string().nullable().describe('The id of the job that waits to be confirmed; null: none.'),
});
/** As it is read. */
export type WorkerState = z.infer<typeof WorkerState>;
