import * as z from 'zod';
import { IN_WORDS, sayFound } from './describe-issue.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const HostId = z
  .string()
  .regex(LABEL, 'must be 1 to 63 of a-z, 0-9 and "-", and neither begin nor end with "-"')
  .describe('The id of a host: 1 to 63 of a-z, 0-9 and "-", with neither "-" first nor last.');
export type HostId = z.infer<typeof HostId>;

export const GroupName = HostId.describe('The name of a group of hosts. Groups are named as hosts are.');
export type GroupName = z.infer<typeof GroupName>;

export const RulesetName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
    'must be 1 to 32 of a-z, 0-9 and "-", and neither begin nor end with "-"',
  )
  .describe('The name of a ruleset: 1 to 32 of a-z, 0-9 and "-", with neither "-" first nor last.');
export type RulesetName = z.infer<typeof RulesetName>;

export const ListName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$/,
    'must be 1 to 24 of a-z, 0-9 and "-", and neither begin nor end with "-"',
  )
  .describe('The name of a list of addresses: 1 to 24 of a-z, 0-9 and "-", with neither "-" first nor last.');
export type ListName = z.infer<typeof ListName>;

export const Revision = z
  .int('must be a whole number from 1')
  .min(1, 'must be a whole number from 1')
  .describe(
    'The revision of a ruleset or a list: a whole number from 1 to 2^53−1. The highest that is committed counts.',
  );
export type Revision = z.infer<typeof Revision>;

/** What RFC 3339 (5.6) allows besides is read as the same instant: `t` and `z`, and a leap second, which no clock here knows. */
export const Timestamp = z
  .string()
  .overwrite((text) => text.toUpperCase().replace(/(?<=T\d\d:\d\d:)60/, '59'))
  .check(z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time, such as 2026-11-22T10:00:00Z' }))
  .describe('An RFC 3339 time, with Z or an offset.');
export type Timestamp = z.infer<typeof Timestamp>;

export const JobId = z
  .guid({ error: 'must be a UUID' })
  .describe('A UUID of any version, in lower or upper case. The same id is the same job or message.');
export type JobId = z.infer<typeof JobId>;

export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .describe(
    'The digest of a ruleset: sha256: and the hex SHA-256 of the UTF-8 of JSON.stringify([name, scope, ipv4 ?? null, ipv6 ?? null]).',
  );
export type Digest = z.infer<typeof Digest>;

export const Family = z.enum(['ipv4', 'ipv6']).describe('The family of addresses.');
export type Family = z.infer<typeof Family>;
export const FAMILIES = Family.options;

export const Scope = z
  .enum(['chains', 'tables'])
  .describe('What a ruleset owns: the chains that it declares, or each table that it names, whole.');
export type Scope = z.infer<typeof Scope>;

/** Makes the schema of a list that reports only its first wrong item. Otherwise a list of millions could make as many errors. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((values, context) => {
    const wrong = Array.isArray(values) ? values.findIndex((value) => !item.safeParse(value).success) : -1;
    if (wrong === -1) return values;
    const [issue] = item.safeParse((values as unknown[])[wrong], IN_WORDS).error?.issues ?? [];
    const message = issue === undefined ? 'is not possible' : sayFound(issue);
    context.addIssue({ code: 'custom', path: [wrong, ...(issue?.path ?? [])], message });
    return z.NEVER;
  }, z.array(item));
}

/** Whether two ids of jobs are the same: they are UUIDs, in which upper and lower case are the same (RFC 9562). */
export function isSameId(id: string, other: string): boolean {
  return id.toLowerCase() === other.toLowerCase();
}

export const API_VERSION = 'fleetwall/v1';
export const ApiVersion = z.literal(API_VERSION).describe('The version of the contract.');

/** What a host says of a ruleset whose content ends, or has ended. */
export const ENDING_FIELDS = {
  until: Timestamp.optional().describe('When its content ends; absent: it stays.'),
  liveRevision: Revision.optional().describe(
    'The revision that the host went back to when the content of a later one ended; absent: revision is live.',
  ),
};
