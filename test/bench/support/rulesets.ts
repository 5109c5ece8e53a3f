import { table } from '../../support/rulesets.ts';

export interface Layout {
  /** The number of all rules, which are spread over `chains` chains. */
  count: number;
  chains: number;
  /** Another salt makes every rule another one. */
  salt: number;
  /** A rule in the place of the one in the middle; `null`: none. */
  odd: string | null;
}

/** A ruleset of many rules, with a hook for each of its chains. */
export function rulesetText({ count, chains, salt, odd }: Layout): string {
  const names = Array.from({ length: chains }, (_, index) => `bench-${index}`);
  const rules = Array.from({ length: count }, (_, index) => {
    const chain = names[Math.floor((index * chains) / count)] ?? '';
    if (odd !== null && index === Math.floor(count / 2)) return `-A ${chain} ${odd}`;
    return `-A ${chain} -s 10.${salt * 16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}/32 -j ACCEPT`;
  });
  const hooks = names.map((name) => `-A INPUT -j ${name}`);
  return table('filter', ...names.map((name) => `:${name} - [0:0]`), ...hooks, ...rules);
}
