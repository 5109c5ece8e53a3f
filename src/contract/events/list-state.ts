import * as z from 'zod';
import { ListName, Revision } from '../words/identifiers.ts';

const ListDigest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe(
    'The digest of a list: 64 hex digits, the sum modulo 2^256 of the SHA-256 of the text of each entry that has not ended.',
  );

export const ListRevisionLive = z
  .int()
  .min(0)
  .describe('The revision that is committed; 0: the list was made for a ruleset, and had no job yet.');

/** The list of a job, and what is committed under its name when the job has ended. */
export const ListState = z.object({
  name: ListName,
  revision: Revision.describe('The revision that the job has asked for.'),
  digest: ListDigest.nullable().describe('The digest of what the job asks for, where that is known.'),
  liveRevision: Revision.nullable().describe('The revision that is committed on the host; null: none.'),
  liveDigest: ListDigest.nullable().describe('The digest of what is live; null: there is no such list.'),
  entries: z.int().describe('How many entries are live.'),
});
/** As it is read. */
export type ListState = z.infer<typeof ListState>;

export const ListCounts = z
  .object({
    added: z.int().describe('How many entries were added.'),
    removed: z.int().describe('How many entries were removed.'),
    entries: z.int().describe('How many entries there are now.'),
  })
  .describe('What a job has changed in a list.');

/** A list as a host holds it. */
export const HeldList = z.object({
  name: ListName,
  revision: ListRevisionLive,
  entries: z.int().describe('How many entries it has that have not ended.'),
  digest: ListDigest,
});

/** A list as it is live on a host. */
export const ReportedList = z.object({
  name: ListName,
  revision: ListRevisionLive,
  kind: z
    .enum(['deny', 'allow'])
    .nullable()
    .describe('null: the list was made for a ruleset, and had no job yet.'),
  entries: z
    .array(
      z.object({
        entry: z.string().describe('The address or network.'),
        until: z.iso.datetime().nullable().describe('When it ends, RFC 3339 in UTC; null: never.'),
      }),
    )
    .describe('What is in it, as far as there is room.'),
  truncated: z
    .boolean()
    .optional()
    .describe('Whether there is no room for all entries: never replace a list by these.'),
});
/** As it is read. */
export type ReportedList = z.infer<typeof ReportedList>;
