import { createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { JobAction } from '../contract/events/event.ts';
import { IN_WORDS } from '../contract/words/describe-issue.ts';
import { GroupName, ListName, RulesetName, Timestamp } from '../contract/words/identifiers.ts';
import { describeIssues, readOwnFile } from './read-yaml.ts';
import { SettingsError } from './settings-error.ts';

const Limits = z.strictObject({
  groups: z.array(GroupName).optional(),
  rulesets: z.array(RulesetName).optional(),
  lists: z.array(ListName).optional(),
  actions: z.array(z.enum([...JobAction.options, 'confirm', 'abort', 'cancel', 'ping'])).optional(),
  notBefore: Timestamp.optional(),
  notAfter: Timestamp.optional(),
});

const kid = z.string().min(1).max(200);
/** Public keys only: a private one has no business on a host. */
const Jwk = z
  .union(
    [
      z.looseObject({ kid, kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
      z.looseObject({ kid, kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
    ],
    'must be a public Ed25519 (OKP) or P-256 (EC) key with a kid',
  )
  .refine(
    (key) => !('d' in key),
    'is a private key: keep it where jobs are signed, and give hosts the public one',
  );
const JwkSet = z.looseObject({ keys: z.array(Jwk).min(1).max(1_000) });

/** A public key that may sign for this host. Its limits come from its member `fleetwall`. */
export interface TrustedJwk {
  kid: string;
  algorithm: 'EdDSA' | 'ES256';
  jwk: { kty: string; crv: string; x: string; y?: string };
  limits: z.infer<typeof Limits>;
}

/**
 * Reads a JWK set (RFC 7517) whose keys may sign for this host.
 *
 * @throws {SettingsError} if it cannot be read, if a key in it is wrong, or if others may change it
 */
export async function readTrustedKeys(path: string): Promise<TrustedJwk[]> {
  const text = await readOwnFile(path);
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`${path}: is not JSON: ${(error as Error).message}`);
  }
  const read = JwkSet.safeParse(values, IN_WORDS);
  if (!read.success) throw new SettingsError(describeIssues(path, read.error));
  const keys = read.data.keys.map((key, index): TrustedJwk => {
    const limits = Limits.safeParse(key['fleetwall'] ?? {}, IN_WORDS);
    if (!limits.success)
      throw new SettingsError(describeIssues(`${path}: keys.${index}.fleetwall`, limits.error));
    const { kty, crv, x } = key;
    const y = key.kty === 'EC' ? { y: key.y } : {};
    const algorithm = kty === 'OKP' ? 'EdDSA' : 'ES256';
    return { kid: key.kid, algorithm, jwk: { kty, crv, x, ...y }, limits: limits.data };
  });
  const twice = keys.find(({ kid: own }, index) => keys.findIndex((other) => other.kid === own) !== index);
  if (twice !== undefined) throw new SettingsError(`${path}: there are two keys with the kid ${twice.kid}`);
  // Under two names, one signer would count for two.
  const points = keys.map((key) => pointOf(path, key));
  const same = keys.find((_, index) => points.indexOf(points[index] ?? '') !== index);
  if (same !== undefined)
    throw new SettingsError(`${path}: the key ${same.kid} is there under another kid, too`);
  return keys;
}

/**
 * What a key is, however it is written: base64url has several ways to write the same bytes. Without the `y` of P-256, as whoever has the
 * private key of one point has that of the other with this `x`.
 */
function pointOf(path: string, { kid: name, jwk }: TrustedJwk): string {
  try {
    const { crv, x } = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'jwk' });
    return `${crv} ${x}`;
  } catch (error) {
    throw new SettingsError(
      `${path}: the key ${name} is no point of ${jwk.crv}: ${(error as Error).message}`,
    );
  }
}
