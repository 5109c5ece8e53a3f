import { createHash } from 'node:crypto';
import type { Ruleset } from '../contract/job.ts';

/** `sha256:` and the hex SHA-256 of the UTF-8 of `JSON.stringify([name, scope, ipv4 ?? null, ipv6 ?? null])`. */
export function rulesetDigest(ruleset: Pick<Ruleset, 'name' | 'scope' | 'ipv4' | 'ipv6'>): string {
  const { name, scope, ipv4, ipv6 } = ruleset;
  const content = JSON.stringify([name, scope, ipv4 ?? null, ipv6 ?? null]);
  return `sha256:${createHash('sha256').update(content, 'utf8').digest('hex')}`;
}
