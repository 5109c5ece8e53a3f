import { z } from 'zod';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const HostId = z
  .string()
  .regex(LABEL, 'must be 1 to 63 of a-z, 0-9 and "-", and neither begin nor end with "-"');
export type HostId = z.infer<typeof HostId>;

export const GroupName = HostId.describe('Groups are named as hosts are.');
export type GroupName = z.infer<typeof GroupName>;

export const RulesetName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
    'must be 1 to 32 of a-z, 0-9 and "-", and neither begin nor end with "-"',
  );
export type RulesetName = z.infer<typeof RulesetName>;

export const ListName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$/,
    'must be 1 to 24 of a-z, 0-9 and "-", and neither begin nor end with "-"',
  );
export type ListName = z.infer<typeof ListName>;

/** From 1 to 2^53−1. */
export const Revision = z.int().min(1);
export type Revision = z.infer<typeof Revision>;

/** RFC 3339, with `Z` or an offset. */
export const Timestamp = z.iso.datetime({
  offset: true,
  error: 'must be an RFC 3339 time, such as 2026-11-22T10:00:00Z',
});
export type Timestamp = z.infer<typeof Timestamp>;

/** A lower-case or upper-case UUID of any version. */
export const JobId = z.guid({ error: 'must be a UUID' });
export type JobId = z.infer<typeof JobId>;

export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export type Digest = z.infer<typeof Digest>;

export const Family = z.enum(['ipv4', 'ipv6']);
export type Family = z.infer<typeof Family>;
export const FAMILIES = Family.options;

export const Scope = z.enum(['chains', 'tables']);
export type Scope = z.infer<typeof Scope>;

/** Makes the schema of a list that reports only its first wrong item. Otherwise a list of millions could make as many errors. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((values, context) => {
    const wrong = Array.isArray(values) ? values.findIndex((value) => !item.safeParse(value).success) : -1;
    if (wrong === -1) return values;
    const [issue] = item.safeParse((values as unknown[])[wrong]).error?.issues ?? [];
    context.addIssue({ code: 'custom', path: [wrong], message: issue?.message ?? 'is not possible' });
    return z.NEVER;
  }, z.array(item));
}

export const API_VERSION = 'fleetwall/v1';
