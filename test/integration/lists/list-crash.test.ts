import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { crashesOf, runKilledAt } from '../../support/killed-at-step.ts';
import { entriesOf, isTracked, setsOf, trackFlow } from '../../support/lists.ts';
import { IS_LONG_RUN } from '../../support/namespace.ts';

const LONG_MS = 240_000;
/** More steps than any job of a list has. */
const MOST_STEPS = 80;
const fixture = new Fixture();

const oldEntry = '192.0.2.1';
const entryOf = (revision: number) => `10.0.${revision}.0/24`;

/** Each job has in the list what no other has, so that it is seen whose content is there. */
const JOBS = {
  replace: (revision: number) => ({ revision, entries: [oldEntry, entryOf(revision), '2001:db8::/48'] }),
  change: (revision: number) => ({ revision, add: [entryOf(revision)], remove: [entryOf(revision - 1)] }),
};

it.each([
  ['change', 'none', 1],
  // Every other step: what lies between them is mostly the time before and after the same rename.
  ['replace', 'probe', 2],
] as const)(
  'a worker that is killed at any write, rename or start of a program of a %s, with confirm %s, leaves the whole old list or the whole new one, and the job has one end',
  async (action, mode, stride) => {
    const host = await fixture.host('nft', { wait: false });
    await host.end('SIGKILL');
    const crashes = crashesOf(host, { starts: true });
    const client = await fixture.client();
    await host.start(crashes.environment);
    let revision = 1;
    const first = { name: 'blocked', revision, entries: [oldEntry, entryOf(1), '2001:db8::/48'] };
    await client.run(host.id, { action: 'list.replace', list: first });
    let live = await entriesOf(host.namespace);
    const outcomes = new Set<string>();
    let kills = 0;
    for (let step = 1; step < MOST_STEPS; step += stride) {
      const wanted = revision + 1;
      const list = { name: 'blocked', ...JOBS[action](wanted) };
      const job = makeJob(host.id, { action: `list.${action}`, list, confirm: { mode } });
      const isKilled = await runKilledAt(step, job, { host, client, crashes });
      kills += Number(isKilled);
      const { data } = await client.completed(job.id);
      expect(new Set(client.completions(job.id).map(({ id }) => id)).size).toBe(1);
      outcomes.add(data.failure?.code ?? data.outcome);
      const isKept = data.failure === null;
      const now = await entriesOf(host.namespace);
      if (isKept) expect(now).toEqual([entryOf(wanted), oldEntry, '2001:db8::/48'].toSorted());
      else expect(now).toEqual(live);
      expect(data.list?.liveRevision).toBe(isKept ? wanted : revision);
      expect(await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
      if (isKept) revision = wanted;
      live = now;
      if (!isKilled) break;
    }
    expect(kills).toBeGreaterThan(8);
    expect(outcomes).toEqual(new Set(['applied', 'worker_restarted']));
  },
  LONG_MS,
);

it(
  'a worker that is killed at any step of a change has the flows cut before that ends, if it stays',
  async () => {
    const host = await fixture.host('nft', { wait: false });
    await host.end('SIGKILL');
    const crashes = crashesOf(host, { starts: true });
    const client = await fixture.client();
    await host.start(crashes.environment);
    let revision = 0;
    const outcomes = new Set<string>();
    for (let step = 1; step < MOST_STEPS; step += 1) {
      const entry = `192.0.2.${step}`;
      await trackFlow(host.namespace, entry);
      const list = { name: 'blocked', revision: revision + 1, add: [entry], cut: true };
      const job = makeJob(host.id, { action: 'list.change', list });
      const isKilled = await runKilledAt(step, job, { host, client, crashes });
      const { data } = await client.completed(job.id);
      const isKept = data.failure === null;
      expect(await isTracked(host.namespace, entry)).toBe(!isKept);
      outcomes.add(`${isKilled} ${data.failure?.code ?? data.outcome}`);
      if (isKept) revision += 1;
      if (!isKilled) break;
    }
    expect(outcomes).toEqual(new Set(['true worker_restarted', 'true applied', 'false applied']));
  },
  LONG_MS,
);

it(
  'a worker that is killed at any step of a ruleset for which a list is made leaves that list with the ruleset, or neither',
  async () => {
    const host = await fixture.host('nft', { wait: false });
    await host.end('SIGKILL');
    const crashes = crashesOf(host, { starts: true });
    const client = await fixture.client();
    await host.start(crashes.environment);
    const kept: string[] = [];
    const outcomes = new Set<string>();
    let kills = 0;
    for (let step = 1; step < MOST_STEPS; step += IS_LONG_RUN ? 1 : 6) {
      const name = `made-${step}`;
      const ipv4 = `*filter\n:${name} - [0:0]\n-A ${name} -m set --match-set fw4.${name} src -j DROP\nCOMMIT\n`;
      const job = makeJob(host.id, { ruleset: { name, revision: 1, ipv4, lists: [name] } });
      const isKilled = await runKilledAt(step, job, { host, client, crashes });
      kills += Number(isKilled);
      const { data } = await client.completed(job.id);
      outcomes.add(data.failure?.code ?? data.outcome);
      if (data.failure === null) kept.push(`fw4.${name}`, `fw6.${name}`);
      // The end of the ruleset is told first.
      const sets = async () => await setsOf(host.namespace);
      await expect.poll(sets, { timeout: 20_000 }).toEqual(kept.toSorted());
      const files = async () => (await readdir(join(host.stateDir, 'lists'))).length;
      await expect.poll(files).toBe(kept.length / 2);
      if (!isKilled) break;
    }
    expect(kills).toBeGreaterThan(5);
    expect(outcomes).toEqual(new Set(['applied', 'worker_restarted']));
  },
  LONG_MS,
);
