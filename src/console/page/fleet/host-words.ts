import type { HeldRuleset, HostRow } from '../../api/hosts.ts';

/** Of each ruleset, the highest revision that one of the hosts has. */
export type Highest = ReadonlyMap<string, number>;

export function highestOf(hosts: readonly HostRow[]): Highest {
  const highest = new Map<string, number>();
  for (const { rulesets } of hosts)
    for (const { name, revision } of rulesets)
      if (revision > (highest.get(name) ?? 0)) highest.set(name, revision);
  return highest;
}

function isLower({ name, revision }: HeldRuleset, highest: Highest): boolean {
  return revision < (highest.get(name) ?? 0);
}

/** What `isCut` means of a host. */
export const CUT = 'told of more rulesets or lists than are kept of one host';

/** Whether a host that is there would fail the jobs that it is sent. */
export function isUnready({ presence, unready }: HostRow): boolean {
  return presence === 'online' && Object.keys(unready).length > 0;
}

/** Why it would, a text for each thing that is wrong. */
export function sayUnready({ unready }: HostRow): string[] {
  return Object.entries(unready).map(([what, why]) => `${what}: ${why}`);
}

/** Whether a host has a lower revision of a ruleset than another; what it does not have at all may not be for it. */
export function isBehind({ rulesets }: HostRow, highest: Highest): boolean {
  return rulesets.some((ruleset) => isLower(ruleset, highest));
}

export function hasDrifted({ rulesets, lists }: HostRow): boolean {
  return rulesets.some(isOut) || lists.some(isOut);
}

function isOut({ inSync }: { inSync: boolean | null }): boolean {
  return inSync === false;
}

/** Whether all that a host holds was compared, and is as it was committed. */
export function isInSync({ rulesets, lists }: HostRow): boolean {
  return rulesets.every(({ inSync }) => inSync === true) && !lists.some(isOut);
}

/** The marks of `fleetwall status`: `!` has drifted, `~` ends by itself, `^6` has ended and 6 is live again, `<9` is behind. */
export function marksOf(ruleset: HeldRuleset, highest: Highest): { mark: string; says: string }[] {
  const { name, until, liveRevision, inSync } = ruleset;
  return [
    ...(until === null ? [] : [{ mark: '~', says: `ends by itself at ${until}` }]),
    ...(until !== null || liveRevision === null
      ? []
      : [{ mark: `^${liveRevision}`, says: `has ended, revision ${liveRevision} is live again` }]),
    ...syncMark(inSync),
    ...(isLower(ruleset, highest)
      ? [{ mark: `<${highest.get(name)}`, says: `is behind revision ${highest.get(name)}` }]
      : []),
  ];
}

export function syncMark(inSync: boolean | null): { mark: string; says: string }[] {
  if (inSync === null) return [];
  return inSync ? [{ mark: '✓', says: 'in sync' }] : [{ mark: '!', says: 'has drifted' }];
}
