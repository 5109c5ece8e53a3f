import { createHash } from 'node:crypto';
import type { Ruleset } from '../contract/jobs/job.ts';

/** What a digest is made of. */
export type RulesetContent = Pick<Ruleset, 'name' | 'scope' | 'ipv4' | 'ipv6'>;

/** Returns the text that a ruleset's digest is made of. */
export function contentText({ name, scope, ipv4, ipv6 }: RulesetContent): string {
  return JSON.stringify([name, scope, ipv4 ?? null, ipv6 ?? null]);
}

/**
 * Returns `sha256:` and the hex SHA-256 of the UTF-8 of `JSON.stringify([name, scope, ipv4 ?? null, ipv6 ?? null])`.
 *
 * @example
 * ```ts
 * const digest = rulesetDigest({ name: 'edge', scope: 'chains', ipv4: '*filter\nCOMMIT\n' });
 * console.log(digest.slice(0, 15)); // sha256:824d30e1
 * ```
 */
export function rulesetDigest(ruleset: RulesetContent): string {
  return textDigest(contentText(ruleset));
}

/** Returns `sha256:` and the hex SHA-256 of bytes. A string has one character for each byte. */
export function bytesDigest(bytes: string | Uint8Array): string {
  const hash = createHash('sha256');
  const whole = typeof bytes === 'string' ? hash.update(bytes, 'latin1') : hash.update(bytes);
  return `sha256:${whole.digest('hex')}`;
}

/** Returns `sha256:` and the hex SHA-256 of the UTF-8 of a text. */
export function textDigest(text: string): string {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}
