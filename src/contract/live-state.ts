import { z } from 'zod';
import { Digest, ListName, Revision, RulesetName, Scope } from './identifiers.ts';

/** The sum modulo 2^256 of the SHA-256 of each entry's text, over the entries that have not ended. */
export const ListDigest = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * The list of a job, and what is committed under its name when the job has ended. `digest` is that of the content which the job asks
 * for, where that is known.
 */
export const ListState = z.object({
  name: ListName,
  revision: Revision,
  digest: ListDigest.nullable(),
  liveRevision: Revision.nullable(),
  liveDigest: ListDigest.nullable(),
  /** How many entries are live. */
  entries: z.int(),
});
export type ListState = z.infer<typeof ListState>;

/** `kind` is `null` for a list that was made for a ruleset, and had no job yet; so is its `revision` 0. */
export const ReportedList = z.object({
  name: ListName,
  revision: z.int().min(0),
  kind: z.enum(['deny', 'allow']).nullable(),
  entries: z.array(z.object({ entry: z.string(), until: z.iso.datetime().nullable() })),
  /** There is no room for all entries: never replace a list by these. */
  truncated: z.boolean().optional(),
});
export type ReportedList = z.infer<typeof ReportedList>;

export const ReportedRuleset = z.object({
  name: RulesetName,
  revision: Revision,
  digest: Digest,
  scope: Scope,
  inSync: z.boolean(),
  ipv4: z.string().nullable(),
  ipv6: z.string().nullable(),
  truncated: z.boolean().optional(),
  /** Some of its bytes are not UTF-8: they are written as `\\xNN`. */
  escaped: z.boolean().optional(),
});
export type ReportedRuleset = z.infer<typeof ReportedRuleset>;
