import { z } from 'zod';
import { ListName, listOf, Revision, Timestamp } from './identifiers.ts';
import { Envelope, UnconfirmedByDefault } from './job-envelope.ts';

/** The most bytes of JSON of a `list.replace`, after gzip is undone. */
export const MAX_LIST_JOB_BYTES = 64 * 1024 * 1024;
/** The most entries of each family that a list can be made for, and how many it is made for where nothing else is said. */
export const MAX_LIST_ENTRIES = 1_000_000;
export const DEFAULT_LIST_ENTRIES = 65_536;

/** An address or a network, alone or with the time at which it ends. What it says is looked at by the host. */
const ListEntry = z.union([z.string(), z.object({ entry: z.string(), until: Timestamp.optional() })]);

const ListRef = z.object({ name: ListName, revision: Revision });
const ChangeOptions = {
  /** Delete the tracked flows of entries that are added, and close local sockets to them. */
  cut: z.boolean().default(false),
  /** What becomes of an entry that a deny list of the host must never have. */
  onNever: z.enum(['refuse', 'skip']).default('refuse'),
};

/** The whole content of a list. */
export const ListReplaceJob = Envelope.extend({
  action: z.literal('list.replace'),
  list: ListRef.extend({
    entries: listOf(ListEntry),
    kind: z.enum(['deny', 'allow']).optional(),
    maxEntries: z.int().min(1).max(MAX_LIST_ENTRIES).optional(),
    ...ChangeOptions,
  }),
});
export type ListReplaceJob = z.infer<typeof ListReplaceJob>;

/** Some entries of a list, on top of the revision before. */
export const ListChangeJob = Envelope.extend({
  action: z.literal('list.change'),
  confirm: UnconfirmedByDefault.prefault({}),
  list: ListRef.extend({
    add: listOf(ListEntry).default([]),
    remove: listOf(z.string()).default([]),
    ...ChangeOptions,
  }),
});
export type ListChangeJob = z.infer<typeof ListChangeJob>;

export const ListRemoveJob = Envelope.extend({ action: z.literal('list.remove'), list: ListRef });
export type ListRemoveJob = z.infer<typeof ListRemoveJob>;

/** A job about one list and one revision of it. */
export type ListJob = ListReplaceJob | ListChangeJob | ListRemoveJob;

export function isListJob<T extends { action: string }>(
  job: T,
): job is Extract<T, { action: `list.${string}` }> {
  return job.action.startsWith('list.');
}
