import { plural } from '../../central/messages/plural.ts';
import type { ReportedList } from '../../contract/events/event.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint } from '../terminal/paint.ts';
import { nameHosts } from './show-answers.ts';

const MOST_NAMED = 8;

/**
 * A list as hosts have it, for a person: the entries that are on any of them, as `list replace` reads them, with a comment where not all
 * have one; and in what hosts differ.
 */
export function showLists(
  name: string,
  reports: ReadonlyMap<string, ReportedList | null>,
): { content: string[]; differences: string[] } {
  const silent = [...reports].filter(([, list]) => list === null).map(([host]) => host);
  const told = [...reports].flatMap(([host, list]) => (list === null ? [] : [{ host, list }]));
  const there = told.filter(({ list }) => list.kind !== null || list.entries.length > 0);
  const without = told.filter((one) => !there.includes(one)).map(({ host }) => host);
  const lines = mergeEntries(there);
  const differences = [
    ...(silent.length === 0 ? [] : [`no answer, or no lists there: ${nameHosts(silent)}`]),
    ...(without.length === 0 ? [] : [`there is no list ${name} on ${nameHosts(without)}`]),
    ...there
      .filter(({ list }) => list.truncated === true)
      .map(({ host }) => `${host} has more entries than a report can carry`),
    ...describeDifferences(there),
  ];
  if (there.length === 0) return { content: [], differences };
  const heads = [
    ...groupBy(there, ({ list }) => `revision ${list.revision}, ${list.kind ?? 'of no kind yet'}`),
  ];
  const content = heads.map(([head, group]) =>
    paint.bold(`# ${name} ${head}, on ${nameHosts(group.map(({ host }) => host))}: ${counted(group)}`),
  );
  return { content: [...content, ...lines], differences };
}

interface Told {
  host: string;
  list: ReportedList;
}

function counted(group: readonly Told[]): string {
  const counts = [...new Set(group.map(({ list }) => list.entries.length))].toSorted((a, b) => a - b);
  const [least = 0] = counts;
  const most = counts.at(-1) ?? 0;
  return counts.length > 1 ? `${least} to ${most} entries` : plural(least, 'entry', 'entries');
}

/** Each entry that is on any host. */
function mergeEntries(there: readonly Told[]): string[] {
  const hosts = new Map<string, string[]>();
  for (const { host, list } of there) {
    for (const { entry, until } of list.entries) {
      const line = escapeControl(until === null ? entry : `${entry} until ${until}`);
      const known = hosts.get(line);
      if (known === undefined) hosts.set(line, [host]);
      else known.push(host);
    }
  }
  return [...hosts].map(([line, on]) =>
    on.length === there.length ? line : `${line}  # only on ${nameHosts(on)}`,
  );
}

function describeDifferences(there: readonly Told[]): string[] {
  const contents = groupBy(there, ({ list }) =>
    list.entries
      .map(({ entry, until }) => `${entry} ${until}`)
      .toSorted()
      .join('\n'),
  );
  if (contents.size < 2) return [];
  const groups = [...contents.values()].slice(0, MOST_NAMED).map((group) => {
    const [{ list } = { list: { revision: 0 } }] = group;
    return `  ${nameHosts(group.map(({ host }) => host))}: revision ${list.revision}, ${counted(group)}`;
  });
  return [`${plural(contents.size, 'different content')} on ${plural(there.length, 'host')}:`, ...groups];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
