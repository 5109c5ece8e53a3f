import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf, isTracked, runList, trackFlow } from '../../support/lists.ts';

const fixture = new Fixture();
const LONG_MS = 120_000;
const matching = (list: string) =>
  `*filter\n:edge - [0:0]\n-A edge -m set --match-set fw4.${list} src -j DROP\nCOMMIT\n`;

/** A whole list that waits to be confirmed. @returns the id of its job */
async function openWindow(
  client: TestClient,
  host: TestHost,
  name: string,
  entry: string,
  timeoutSeconds = 600,
): Promise<string> {
  const since = client.heard.length;
  const list = { name, revision: 1, entries: [entry] };
  const job = makeJob(host.id, { action: 'list.replace', list, confirm: { mode: 'manual', timeoutSeconds } });
  await client.publish(host.id, job);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation', since);
  return job.id;
}

async function answer(
  client: TestClient,
  host: TestHost,
  kind: 'confirm' | 'abort',
  jobId: string,
): Promise<void> {
  await client.publish(host.id, makeJob(host.id, { kind, jobId }), {}, CONTROL_EXCHANGE);
}

async function journals(host: TestHost): Promise<string[]> {
  return (await readdir(join(host.stateDir, 'journal'))).filter((file) => file.endsWith('.json'));
}

it('a list is not waited for when nothing of it is live any more, as in a new namespace with the number of the old one', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const id = await openWindow(client, host, 'partners', '192.0.2.1');
  await host.end('SIGKILL');
  await host.namespace.run('ipset', ['destroy']);
  await host.start();
  expect((await client.completed(id)).data).toMatchObject({
    outcome: 'rolled_back',
    failure: { code: 'worker_restarted', message: expect.stringContaining('are gone') },
  });
  expect(await journals(host)).toEqual([]);
});

it(
  'while a list waits to be confirmed, others change at once, and so do rulesets that match others, also after a restart of the worker; what is of the same list waits',
  async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const id = await openWindow(client, host, 'partners', '192.0.2.1');
    expect(await runList(client, host, 'change', { revision: 1, add: ['203.0.113.1'] })).toMatchObject({
      outcome: 'applied',
    });
    expect(await entriesOf(host.namespace)).toEqual(['203.0.113.1']);
    const ruleset = { name: 'edge', revision: 1, ipv4: matching('blocked') };
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
    const same = makeJob(host.id, {
      action: 'list.change',
      list: { name: 'partners', revision: 2, add: ['192.0.2.2'] },
    });
    await client.publish(host.id, same);
    await host.logged(`Waits for confirm or abort of job ${id} until `);
    for (const [signal, revision] of [
      ['SIGTERM', 2],
      ['SIGKILL', 3],
    ] as const) {
      await host.end(signal);
      expect(await entriesOf(host.namespace, 'partners')).toEqual(['192.0.2.1']);
      await host.start();
      const add = [`203.0.113.${revision}`];
      expect(await runList(client, host, 'change', { revision, add })).toMatchObject({ outcome: 'applied' });
      expect(await entriesOf(host.namespace)).toContain(add[0]);
      // What it goes back to matches another list.
      const next = { name: 'edge', revision, ipv4: matching('blocked').replace('DROP', 'RETURN') };
      expect((await client.run(host.id, { ruleset: next })).data.failure).toBeNull();
    }
    const back = await client.run(host.id, { action: 'rollback', ruleset: { name: 'edge', revision: 4 } });
    expect(back.data.outcome).toBe('applied');
    expect(client.completions(id)).toEqual([]);
    expect(client.completions(same.id)).toEqual([]);
    await answer(client, host, 'confirm', id);
    expect((await client.completed(id)).data.outcome).toBe('applied');
    expect((await client.completed(same.id)).data.outcome).toBe('applied');
    expect(await entriesOf(host.namespace, 'partners')).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await journals(host)).toEqual([]);
  },
  LONG_MS,
);

it('what is to be cut is cut once the list is confirmed, also where the worker was restarted meanwhile', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const { namespace } = host;
  await trackFlow(namespace, '192.0.2.1');
  await trackFlow(namespace, '192.0.2.9');
  const list = { name: 'partners', revision: 1, entries: ['192.0.2.1'], cut: true };
  const confirm = { mode: 'manual', timeoutSeconds: 600 };
  const job = makeJob(host.id, { action: 'list.replace', list, confirm });
  await client.publish(host.id, job);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  await host.end();
  await host.start();
  expect(await isTracked(namespace, '192.0.2.1')).toBe(true);
  await answer(client, host, 'confirm', job.id);
  expect((await client.completed(job.id)).data.outcome).toBe('applied');
  expect(await isTracked(namespace, '192.0.2.1')).toBe(false);
  expect(await isTracked(namespace, '192.0.2.9')).toBe(true);
  // The very same again, under another id.
  await trackFlow(namespace, '192.0.2.1');
  const again = await client.run(host.id, { action: 'list.replace', list });
  expect(again.data.outcome).toBe('unchanged');
  expect(await isTracked(namespace, '192.0.2.1')).toBe(false);
  expect(await isTracked(namespace, '192.0.2.9')).toBe(true);
});

it('two lists wait at once: one is confirmed, and the other one aborted', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const kept = await openWindow(client, host, 'partners', '192.0.2.1');
  const dropped = await openWindow(client, host, 'offices', '192.0.2.9');
  expect(await entriesOf(host.namespace, 'offices')).toEqual(['192.0.2.9']);
  await answer(client, host, 'abort', dropped);
  expect((await client.completed(dropped)).data).toMatchObject({
    outcome: 'rolled_back',
    failure: { code: 'aborted' },
  });
  expect(await entriesOf(host.namespace, 'offices')).toBeNull();
  expect(client.completions(kept)).toEqual([]);
  await answer(client, host, 'confirm', kept);
  expect((await client.completed(kept)).data.outcome).toBe('applied');
  expect(await entriesOf(host.namespace, 'partners')).toEqual(['192.0.2.1']);
});

it(
  'of two lists that wait when the worker is killed, the watchdog takes back the one whose time is over; the other is confirmed later',
  async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const late = await openWindow(client, host, 'offices', '192.0.2.9', 6);
    const kept = await openWindow(client, host, 'partners', '192.0.2.1');
    expect(await runList(client, host, 'change', { revision: 1, add: ['203.0.113.1'] })).toMatchObject({
      outcome: 'applied',
    });
    await host.end('SIGKILL');
    await expect.poll(async () => await entriesOf(host.namespace, 'offices'), { timeout: 60_000 }).toBeNull();
    expect(await entriesOf(host.namespace, 'partners')).toEqual(['192.0.2.1']);
    expect(await entriesOf(host.namespace)).toEqual(['203.0.113.1']);
    await host.start();
    expect((await client.completed(late)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout' },
    });
    await answer(client, host, 'confirm', kept);
    expect((await client.completed(kept)).data.outcome).toBe('applied');
  },
  LONG_MS,
);

it('what a worker before had begun, with one journal for all lists, is settled', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const id = await openWindow(client, host, 'partners', '192.0.2.1');
  await host.end('SIGKILL');
  const folder = join(host.stateDir, 'journal');
  await rename(join(folder, 'list-partners.json'), join(folder, 'list.json'));
  await host.start();
  expect(await runList(client, host, 'change', { revision: 1, add: ['203.0.113.1'] })).toMatchObject({
    outcome: 'applied',
  });
  await answer(client, host, 'confirm', id);
  expect((await client.completed(id)).data.outcome).toBe('applied');
  expect(await entriesOf(host.namespace, 'partners')).toEqual(['192.0.2.1']);
  expect(await journals(host)).toEqual([]);
});

it('what is refused by a change that waited with it is refused by what is committed', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const id = await openWindow(client, host, 'partners', '192.0.2.1');
  const changes = [2, 4, 2].map((revision, index) =>
    makeJob(host.id, {
      action: 'list.change',
      list: { name: 'partners', revision, add: [`203.0.113.${index}`] },
    }),
  );
  const waiting = async () =>
    (await host.log()).split(`Waits for confirm or abort of job ${id} until `).length - 1;
  for (const [index, job] of changes.entries()) {
    await client.publish(host.id, job);
    await expect.poll(waiting).toBe(index + 1);
  }
  await answer(client, host, 'confirm', id);
  const ends = await Promise.all(changes.map(async (job) => (await client.completed(job.id)).data));
  const told = ends.map(({ outcome, failure, list }) => [outcome, failure?.code, list?.liveRevision]);
  expect(told).toEqual([
    ['applied', undefined, 2],
    ['rejected', 'revision_gap', 2],
    ['rejected', 'revision_conflict', 2],
  ]);
});
