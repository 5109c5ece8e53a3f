import * as z from 'zod';
import { ListName, listOf, Revision, Timestamp } from '../words/identifiers.ts';
import { Envelope, UnconfirmedByDefault } from './job-envelope.ts';

/** The most bytes of JSON of a `list.replace`, after gzip is undone. */
export const MAX_LIST_JOB_BYTES = 64 * 1024 * 1024;
/** The most entries of each family that a list can be made for, and how many it is made for where nothing else is said. */
export const MAX_LIST_ENTRIES = 1_000_000;
export const DEFAULT_LIST_ENTRIES = 65_536;

/** An address or a network, alone or with the time at which it ends. What it says is looked at by the host. */
const ListEntry = z.union(
  [
    z.string(),
    z.object({
      entry: z.string().describe('The address or network.'),
      until: Timestamp.optional().describe('When it ends: an RFC 3339 time. Without it, never.'),
    }),
  ],
  { error: 'must be an address or network, or a mapping of "entry" to one and "until" to an RFC 3339 time' },
);

const ListRef = z.object({ name: ListName, revision: Revision });
const ChangeOptions = {
  cut: z
    .boolean()
    .default(false)
    .describe(
      'Whether to delete the tracked flows of entries that are added, and close local sockets to them.',
    ),
  onNever: z
    .enum(['refuse', 'skip'])
    .default('refuse')
    .describe(
      'What becomes of an entry that a deny list of the host must never have: all is refused, or it is left out.',
    ),
};

/** The whole content of a list. */
export const ListReplaceJob = Envelope.extend({
  action: z.literal('list.replace').describe('Give a list this content, at once.'),
  list: ListRef.extend({
    entries: listOf(ListEntry).describe('All that it is to have: addresses and networks.'),
    kind: z
      .enum(['deny', 'allow'])
      .optional()
      .describe('Of a new list; deny where nothing is said. That of a list cannot be changed.'),
    maxEntries: z
      .int()
      .min(1)
      .max(MAX_LIST_ENTRIES)
      .optional()
      .describe('The most entries of each family; of a new list 65,536 where nothing is said, else kept.'),
    ...ChangeOptions,
  }).describe('The list, with its whole content.'),
});
export type ListReplaceJob = z.infer<typeof ListReplaceJob>;

/** Some entries of a list, on top of the revision before. */
export const ListChangeJob = Envelope.extend({
  action: z.literal('list.change').describe('Add entries to a list, and remove some.'),
  confirm: UnconfirmedByDefault.prefault({}).describe(
    'What has to happen after the change, and in what time. If it does not, the change is taken back.',
  ),
  list: ListRef.extend({
    add: listOf(ListEntry).default([]).describe('Addresses and networks to add.'),
    remove: listOf(z.string())
      .default([])
      .describe('Addresses and networks to remove; those not there are no error.'),
    ...ChangeOptions,
  }).describe('The list, and what is changed on top of the revision before this one.'),
});
export type ListChangeJob = z.infer<typeof ListChangeJob>;

export const ListRemoveJob = Envelope.extend({
  action: z.literal('list.remove').describe('Take a list away.'),
  list: ListRef.describe('The list to take away, under a revision of its own.'),
});
export type ListRemoveJob = z.infer<typeof ListRemoveJob>;

/** A job about one list and one revision of it. */
export type ListJob = ListReplaceJob | ListChangeJob | ListRemoveJob;

export function isListJob<T extends { action: string }>(
  job: T,
): job is Extract<T, { action: `list.${string}` }> {
  return job.action.startsWith('list.');
}
