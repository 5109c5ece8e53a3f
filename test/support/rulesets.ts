import { NO_ANSWERS } from '../../src/job/ports/confirmation.ts';

/** Rulesets that several tests use. */

export function table(name: string, ...lines: string[]): string {
  return [`*${name}`, ...lines, 'COMMIT', ''].join('\n');
}

/** A chain of `count` rules behind a hook in INPUT. */
export function bigRuleset(count: number, chain = 'big'): string {
  const rules = Array.from({ length: count }, (_, index) => {
    const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}/32`;
    return `-A ${chain} -s ${address} -j ACCEPT`;
  });
  return table('filter', `:${chain} - [0:0]`, `-A INPUT -j ${chain}`, ...rules);
}

/** A check of a ruleset on this host; only the ruleset is missing. */
export const LOCAL_CHECK = {
  action: 'check',
  confirm: { mode: 'none', timeoutSeconds: 30 },
  answers: NO_ANSWERS,
} as const;
