import { type HostState, MOST_NAMES } from '../../central/log/fleet-state.ts';
import { plural } from '../../central/messages/plural.ts';
import { countEnds } from '../../central/rollout/told-ends.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint, paintEnd } from '../terminal/paint.ts';
import { layTable } from '../terminal/table.ts';
import { nameHosts, tellCounts } from './show-answers.ts';

/** Of each ruleset, the highest revision that one of some hosts has. */
export type Highest = ReadonlyMap<string, number>;

type Ruleset = HostState['rulesets'][number];

/** Of all rulesets, or of those that are named. */
export function highestOf(hosts: readonly HostState[], names: readonly string[]): Highest {
  const highest = new Map<string, number>();
  for (const { name, revision } of hosts.flatMap(({ rulesets }) => rulesets))
    if (names.length === 0 || names.includes(name))
      highest.set(name, Math.max(revision, highest.get(name) ?? 0));
  return highest;
}

/** Whether a host has a lower revision of a ruleset than another; what it does not have at all may not be for it. */
export function isBehind({ rulesets }: HostState, highest: Highest): boolean {
  return rulesets.some((ruleset) => isLower(ruleset, highest));
}

function isLower({ name, revision }: Ruleset, highest: Highest): boolean {
  return revision < (highest.get(name) ?? 0);
}

export function hasDrifted({ rulesets }: HostState): boolean {
  return rulesets.some(({ inSync }) => inSync === false);
}

/** Whether a host that is there would fail the jobs that it is sent. */
export function isUnready({ presence, unready }: HostState): boolean {
  return presence === 'online' && Object.keys(unready).length > 0;
}

interface Column {
  head: string;
  cell: (host: HostState) => string;
}

/**
 * The fleet: how many hosts are how, then a line for each.
 *
 * @param columns the width of the terminal, to which it is cut; `wide`: not at all, and with all that is known
 */
export function showFleet(
  hosts: readonly HostState[],
  highest: Highest,
  columns: number | undefined | 'wide',
): string {
  const isWide = columns === 'wide';
  const hasVersions = isWide || new Set(hosts.map(({ worker }) => worker.version)).size > 1;
  const chosen: Column[] = [
    { head: 'HOST', cell: ({ hostId }) => hostId },
    { head: 'STATE', cell: sayState },
    { head: 'GROUPS', cell: ({ groups }) => escapeControl(groups.join(',')) || '-' },
    { head: 'RULESETS', cell: ({ rulesets }) => sayRulesets(rulesets, highest) },
    ...(hosts.some(({ lists }) => lists.length > 0) ? [{ head: 'LISTS', cell: sayLists }] : []),
    { head: 'BACKEND', cell: ({ worker }) => escapeControl(`${worker.backend} ${worker.iptables}`) },
    ...(hasVersions
      ? [{ head: 'WORKER', cell: ({ worker }: HostState) => escapeControl(worker.version) }]
      : []),
    { head: 'LAST SEEN', cell: sayLastSeen },
    ...(isWide ? MORE : []),
  ];
  const rows = hosts.map((host) => chosen.map(({ cell }) => cell(host)));
  const lines = layTable([chosen.map(({ head }) => paint.bold(head)), ...rows], isWide ? {} : { columns });
  const notes = [
    ...(hosts.some(hasDrifted) ? ['! has drifted: what is live is not what was committed'] : []),
    ...(hosts.some((host) => isBehind(host, highest))
      ? ['< is behind: the highest revision of it that a host has comes after it']
      : []),
    ...endNotes(hosts),
    ...unreadyNotes(hosts),
    ...cutNotes(hosts),
  ];
  return `${[summaryOf(hosts, highest), ...lines, ...notes].join('\n')}\n`;
}

const MORE: readonly Column[] = [
  { head: 'KERNEL', cell: ({ worker }) => escapeControl(worker.kernel) },
  { head: 'BOOT', cell: ({ worker }) => escapeControl(worker.bootId) },
  {
    head: 'DIGESTS',
    cell: ({ rulesets }) => rulesets.map(({ name, digest }) => `${name}=${digest}`).join(' ') || '-',
  },
];

const STATES = ['online', 'silent', 'offline'];

function byState([one]: [string, number], [other]: [string, number]): number {
  return STATES.indexOf(one) - STATES.indexOf(other);
}

/** `50 hosts: 47 online, 2 silent, 1 offline; 1 unready; 1 drifted; 3 behind` */
function summaryOf(hosts: readonly HostState[], highest: Highest): string {
  const found = countEnds(hosts.map(({ presence }) => presence));
  const counts = tellCounts(Object.fromEntries(Object.entries(found).toSorted(byState)));
  const drifted = hosts.filter(hasDrifted).length;
  const behind = hosts.filter((host) => isBehind(host, highest)).length;
  const more = Object.entries({ unready: hosts.filter(isUnready).length, drifted, behind })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `; ${count} ${what}`);
  return `${plural(hosts.length, 'host')}: ${counts}${more.join('')}`;
}

/** `blocked@8 (80,000)`: the revision, and how many entries it has. */
function sayLists({ lists }: HostState): string {
  const said = lists.map(
    ({ name, revision, entries }) => `${name}@${revision} (${entries.toLocaleString('en')})`,
  );
  return said.join(' ') || '-';
}

/** When what ends by itself does so, and what the mark of what has ended means. */
function endNotes(hosts: readonly HostState[]): string[] {
  const all = hosts.flatMap(({ rulesets }) => rulesets);
  const ends = all.flatMap(({ name, revision, until }) =>
    until === undefined ? [] : [`${name} revision ${revision} at ${until}`],
  );
  const hasEnded = all.some(({ liveRevision }) => liveRevision !== undefined);
  return [
    ...(ends.length === 0 ? [] : [`~ ends by itself: ${[...new Set(ends)].toSorted().join(', ')}`]),
    ...(hasEnded ? ['^ has ended: the revision behind the mark is live again'] : []),
  ];
}

function sayState(host: HostState): string {
  return isUnready(host) ? `${paintEnd(host.presence)} ${paint.red('unready')}` : paintEnd(host.presence);
}

/** Which hosts would fail each job, and why: those with the same reason together. */
export function unreadyNotes(hosts: readonly HostState[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { hostId, unready } of hosts.filter(isUnready))
    for (const [what, why] of Object.entries(unready)) {
      const reason = escapeControl(`${what}: ${why}`);
      byReason.set(reason, [...(byReason.get(reason) ?? []), hostId]);
    }
  return [...byReason].map(
    ([reason, ids]) => `${nameHosts(ids)} would fail ${ids.length === 1 ? 'its' : 'their'} jobs: ${reason}`,
  );
}

/** Names that ends of jobs told of, which are more than a host can have. */
function cutNotes(hosts: readonly HostState[]): string[] {
  const cut = hosts.filter(({ isCut }) => isCut).map(({ hostId }) => hostId);
  if (cut.length === 0) return [];
  return [
    `ends of jobs told of more than ${MOST_NAMES} rulesets or lists on ${nameHosts(cut)}: the newest are shown. See who may write as that on the broker`,
  ];
}

/** `~`: it ends; `^6`: it has ended, and revision 6 is live again. */
function endMark({ until, liveRevision }: Ruleset): string {
  if (until !== undefined) return '~';
  return liveRevision === undefined ? '' : `^${liveRevision}`;
}

/** Those with a mark come first: a terminal may be too narrow for all. */
function sayRulesets(rulesets: readonly Ruleset[], highest: Highest): string {
  const weight = (ruleset: Ruleset) =>
    ruleset.inSync === false ? 2 : isLower(ruleset, highest) || endMark(ruleset) !== '' ? 1 : 0;
  const said = rulesets
    .toSorted((one, other) => weight(other) - weight(one))
    .map((ruleset) => {
      const { name, revision, inSync } = ruleset;
      const label = `${name}@${revision}${endMark(ruleset)}`;
      const lower = isLower(ruleset, highest) ? paint.yellow(`<${highest.get(name)}`) : '';
      return inSync === false ? `${paint.red(`${label}!`)}${lower}` : `${label}${lower}`;
    });
  return said.join(' ') || '-';
}

function sayLastSeen({ pending, lastSeen }: HostState): string {
  return pending === null ? `${ago(lastSeen)} ago` : escapeControl(`waits for confirm ${pending}`);
}

const MINUTE = 60;
const HOUR = 3_600;
const DAYS = 48 * HOUR;

function ago(time: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - time.getTime()) / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
  return seconds < DAYS ? `${Math.round(seconds / HOUR)} h` : `${Math.round(seconds / (24 * HOUR))} d`;
}
