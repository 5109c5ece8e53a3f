import type { JobCompletedEvent } from '../../src/contract/events/event.ts';
import type { TestClient } from './client.ts';
import type { TestHost } from './host.ts';
import type { TestNamespace } from './namespace.ts';

/** Runs a job of the list `blocked`. */
export async function runList(
  client: TestClient,
  host: TestHost,
  action: 'replace' | 'change' | 'remove',
  list: object,
  more: object = {},
): Promise<JobCompletedEvent['data']> {
  const fields = { action: `list.${action}`, list: { name: 'blocked', ...list }, ...more };
  return (await client.run(host.id, fields)).data;
}

/** The entries of both sets of a list, sorted; `null`: there are no such sets. */
export async function entriesOf(namespace: TestNamespace, list = 'blocked'): Promise<string[] | null> {
  const saved = await Promise.all(
    ['fw4', 'fw6'].map(async (prefix) => await namespace.try('ipset', ['save', `${prefix}.${list}`])),
  );
  if (saved.some(({ exitCode }) => exitCode !== 0)) return null;
  return saved
    .flatMap(({ stdout }) => stdout.match(/(?<=^add \S+ )\S+/gm) ?? [])
    .toSorted((one, other) => (one < other ? -1 : 1));
}

/** Has the kernel track a flow from an address, for longer than any test takes. */
export async function trackFlow(namespace: TestNamespace, source: string): Promise<void> {
  const flow = ['-s', source, '-d', '198.51.100.1', '-p', 'udp', '--sport', '4242', '--dport', '4243'];
  await namespace.run('conntrack', ['-I', ...flow, '--timeout', '3600']);
}

/** Says whether a flow from an address is tracked. */
export async function isTracked(namespace: TestNamespace, source: string): Promise<boolean> {
  return (await namespace.run('conntrack', ['-L', '--orig-src', source])).includes(`src=${source} `);
}

/** The names of all sets. */
export async function setsOf(namespace: TestNamespace): Promise<string[]> {
  return (await namespace.run('ipset', ['list', '-name']))
    .split('\n')
    .filter((name) => name !== '')
    .toSorted();
}
