import type { HostRow } from '../../api/hosts.ts';
import type { Query } from '../state/address.ts';
import { type Highest, hasDrifted, isBehind, isInSync, isUnready } from './host-words.ts';

const LATELY = 24 * 60 * 60 * 1_000;

export function hasFailedLately({ lastFailure }: HostRow, now: number): boolean {
  return lastFailure !== null && now - Date.parse(lastFailure.at) < LATELY;
}

/** What `is` may be in the query, and what it says. */
export const CONDITIONS = {
  unready: 'unready',
  in_sync: 'in sync',
  drifted: 'drifted',
  behind: 'behind',
  waiting: 'waiting for confirm',
  running: 'running a job',
  failed_lately: 'failed in the last 24 h',
  failed: 'has failed',
} as const;

interface Around {
  highest: Highest;
  /** In milliseconds. */
  now: number;
}

type Test = (host: HostRow) => boolean;

/** The hosts that the query asks for. */
export function filterHosts(hosts: readonly HostRow[], query: Query, around: Around): readonly HostRow[] {
  const tests = testsOf(query, around);
  return tests.length === 0 ? hosts : hosts.filter((host) => tests.every((test) => test(host)));
}

const FIELDS: Readonly<Record<string, (wanted: string) => Test>> = {
  state:
    (wanted) =>
    ({ presence }) =>
      presence === wanted,
  group:
    (wanted) =>
    ({ groups }) =>
      groups.includes(wanted),
  ruleset:
    (wanted) =>
    ({ rulesets }) =>
      rulesets.some(({ name }) => name === wanted),
  list:
    (wanted) =>
    ({ lists }) =>
      lists.some(({ name }) => name === wanted),
  backend:
    (wanted) =>
    ({ backend }) =>
      backend === wanted,
  version:
    (wanted) =>
    ({ version }) =>
      version === wanted,
  q: textTest,
};

function testsOf(query: Query, around: Around): Test[] {
  const fields = Object.entries(FIELDS).flatMap(([name, make]) => {
    const wanted = query[name];
    return wanted === undefined ? [] : [make(wanted)];
  });
  const condition = conditionOf(query['is'], around);
  return condition === null ? fields : [...fields, condition];
}

function conditionOf(name: string | undefined, { highest, now }: Around): Test | null {
  switch (name) {
    case 'unready':
      return isUnready;
    case 'in_sync':
      return isInSync;
    case 'drifted':
      return hasDrifted;
    case 'behind':
      return (host) => isBehind(host, highest);
    case 'waiting':
      return ({ pending }) => pending !== null;
    case 'running':
      return ({ running }) => running !== null;
    case 'failed_lately':
      return (host) => hasFailedLately(host, now);
    case 'failed':
      return ({ lastFailure }) => lastFailure !== null;
    case undefined:
    default:
      return null;
  }
}

/** Each word has to be somewhere in what the row says. */
function textTest(text: string): Test {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (host) => {
    const found = textOf(host);
    return words.every((word) => found.includes(word));
  };
}

/** A row is another object once it has changed. */
const texts = new WeakMap<HostRow, string>();

function textOf(host: HostRow): string {
  const known = texts.get(host);
  if (known !== undefined) return known;
  const text = makeText(host).toLowerCase();
  texts.set(host, text);
  return text;
}

/** Texts take a while to make for thousands of hosts: they are made before somebody types. Returns how many are still to be made. */
export function prepareTexts(hosts: readonly HostRow[], from: number, most: number): number {
  for (const host of hosts.slice(from, from + most)) textOf(host);
  return Math.max(0, hosts.length - from - most);
}

function makeText(host: HostRow): string {
  const { hostId, presence, groups, rulesets, lists, backend, iptables, version, kernel } = host;
  const { pending, running, lastFailure } = host;
  let text = `${hostId}\n${presence}\n${backend} ${iptables}\n${version}\n${kernel}\n${pending ?? ''}\n${running ?? ''}`;
  for (const group of groups) text += `\n${group}`;
  for (const { name, revision } of rulesets) text += `\n${name}@${revision}`;
  for (const { name, revision } of lists) text += `\n${name}@${revision}`;
  return lastFailure === null ? text : `${text}\n${lastFailure.code}\n${lastFailure.what}`;
}
