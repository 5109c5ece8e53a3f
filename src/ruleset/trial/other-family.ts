import type { TrialLine } from './trial.ts';

/**
 * A word that begins as options do and has a 4 or a 6 in it: `-6`, `--ipv6`, short options in one word. Quotes and backslashes may stand in
 * it. Nothing else makes rules of the other family of IP (options of iptables 1.8.11 and before, iptables/xshared.c).
 */
const MAY_BE_FAMILY = /(?:^|[\s"\\])-\S*[46]/;

/** Says whether lines may make rules of the other family, at a glance: most that may do not. */
export function mayMakeOtherFamily(lines: readonly Pick<TrialLine, 'kind' | 'text'>[]): boolean {
  return lines.some(({ kind, text }) => kind === 'command' || MAY_BE_FAMILY.test(text));
}
