import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf, runList, setsOf } from '../../support/lists.ts';

const fixture = new Fixture();
const ipv4 = '*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -s 192.0.2.1/32 -j ACCEPT\nCOMMIT\n';

/** A list with one entry, of which another revision waits to be confirmed. */
async function waitingReplacement(host: TestHost, client: TestClient, timeoutSeconds = 600) {
  await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] });
  const replace = makeJob(host.id, {
    action: 'list.replace',
    list: { name: 'blocked', revision: 2, entries: ['192.0.2.2'] },
    confirm: { mode: 'manual', timeoutSeconds },
  });
  await client.publish(host.id, replace);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  return replace;
}

it('a list that was made for a ruleset and had a job since stays, though the ruleset is taken back', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const apply = makeJob(host.id, {
    ruleset: { name: 'edge', revision: 1, ipv4, lists: ['blocked', 'unused'] },
    confirm: { mode: 'manual', timeoutSeconds: 600 },
  });
  await client.publish(host.id, apply);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  expect(await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] })).toMatchObject({
    outcome: 'applied',
  });
  await client.publish(host.id, makeJob(host.id, { kind: 'abort', jobId: apply.id }), {}, CONTROL_EXCHANGE);
  expect((await client.completed(apply.id)).data.failure?.code).toBe('aborted');
  await expect.poll(async () => await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
  expect(await runList(client, host, 'change', { revision: 2, add: ['192.0.2.2'] })).toMatchObject({
    outcome: 'applied',
    counts: { entries: 2 },
  });
});

it('a full list has room for what comes in place of what goes, also at the next boot', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await runList(client, host, 'replace', {
    revision: 1,
    maxEntries: 2,
    entries: ['192.0.2.1', '192.0.2.2'],
  });
  const changed = await runList(client, host, 'change', {
    revision: 2,
    add: ['192.0.2.3'],
    remove: ['192.0.2.1'],
  });
  expect(changed).toMatchObject({ outcome: 'applied', counts: { added: 1, removed: 1, entries: 2 } });
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.2', '192.0.2.3']);
  await host.end();
  await host.namespace.run('ipset', ['destroy']);
  await host.namespace.run('sh', [join(host.stateDir, 'boot', 'load')]);
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.2', '192.0.2.3']);
});

it('a list whose file is damaged keeps no ruleset away that does not match it, nor the looks at other lists', async () => {
  const host = await fixture.host('nft', {
    environment: { FLEETWALL_DRIFT: 'repair', FLEETWALL_DRIFT_INTERVAL_SECONDS: '1' },
  });
  const client = await fixture.client();
  await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] });
  await client.run(host.id, {
    action: 'list.replace',
    list: { name: 'aaa', revision: 1, entries: ['192.0.2.7'] },
  });
  const file = join(host.stateDir, 'lists', 'aaa.list');
  await writeFile(file, (await readFile(file, 'latin1')).replace('192.0.2.7', '192.0.2.8'));
  const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4 } });
  expect(data).toMatchObject({ outcome: 'applied', failure: null });
  await host.namespace.run('ipset', ['del', 'fw4.blocked', '192.0.2.1']);
  await expect.poll(async () => await entriesOf(host.namespace), { timeout: 10_000 }).toEqual(['192.0.2.1']);
  expect(await runList(client, host, 'change', { revision: 2, add: ['192.0.2.2'] })).toMatchObject({
    outcome: 'applied',
    list: { liveRevision: 2, entries: 2 },
  });
});

it('the rehearsal of a ruleset that matches a list keeps no job of that list waiting', async () => {
  const host = await fixture.host('nft', { holdable: true });
  const client = await fixture.client();
  await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] });
  await host.holdNextRestore('rehearsal');
  const matching = ipv4.replace('-s 192.0.2.1/32', '-m set --match-set fw4.blocked src');
  const apply = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: matching } });
  await client.publish(host.id, apply);
  const held = await host.heldRestore();
  expect(await runList(client, host, 'change', { revision: 2, add: ['192.0.2.2'] })).toMatchObject({
    outcome: 'applied',
  });
  process.kill(held, 'SIGCONT');
  expect((await client.completed(apply.id)).data.outcome).toBe('applied');
});

it('an undo that fails is owed: other changes of lists wait for it, and it is told when it is done', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const replace = await waitingReplacement(host, client);
  // What a rule matches cannot be taken away, nor be swapped for a set of another type.
  const rule = ['OUTPUT', '-m', 'set', '--match-set', 'fw4.blocked', 'dst', '-j', 'DROP'];
  await host.namespace.run('ipset', ['destroy', 'fw4.blocked']);
  await host.namespace.run('ipset', ['create', 'fw4.blocked', 'hash:ip']);
  await host.namespace.iptables('-A', ...rule);
  await client.publish(host.id, makeJob(host.id, { kind: 'abort', jobId: replace.id }), {}, CONTROL_EXCHANGE);
  // It is tried for a minute before its job ends.
  await expect.poll(() => client.completions(replace.id).length, { timeout: 100_000 }).toBe(1);
  expect((await client.completed(replace.id)).data).toMatchObject({
    outcome: 'failed',
    changed: true,
    failure: { code: 'undo_failed', stage: 'apply' },
    rollback: { performed: true, reason: 'aborted', verified: false },
    list: { revision: 2, liveRevision: 1 },
  });
  const add = { revision: 2, add: ['192.0.2.3'] };
  expect(await runList(client, host, 'change', add)).toMatchObject({
    outcome: 'failed',
    failure: { code: 'undo_pending', stage: 'host', retryable: true },
  });
  // Nothing else may change either.
  const other = { action: 'list.change', list: { name: 'other', revision: 1, add: ['192.0.2.4'] } };
  for (const fields of [other, { ruleset: { name: 'edge', revision: 1, ipv4 } }]) {
    const { data } = await client.run(host.id, fields);
    expect(data).toMatchObject({ outcome: 'failed', changed: false, failure: { code: 'undo_pending' } });
    expect(data.failure?.message).toContain(`job ${replace.id} (list blocked revision 2) is owed`);
  }
  const check = { action: 'check', ruleset: { name: 'edge', revision: 1, ipv4 } };
  expect((await client.run(host.id, check)).data.outcome).toBe('checked');
  // It is owed by the next worker, too.
  await host.end('SIGKILL');
  await host.start();
  expect(await runList(client, host, 'change', add)).toMatchObject({ failure: { code: 'undo_pending' } });
  await host.namespace.iptables('-D', ...rule);
  const { event } = await client.event(host.id, 'fleetwall.job.undone');
  expect(event).toMatchObject({
    subject: replace.id,
    data: {
      jobId: replace.id,
      ruleset: null,
      list: { name: 'blocked', revision: 2, liveRevision: 1, entries: 1 },
      diff: { added: 1, removed: 1 },
      verified: true,
    },
  });
  expect(client.completions(replace.id)).toHaveLength(1);
  expect(await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
  expect(await runList(client, host, 'change', add)).toMatchObject({ outcome: 'applied' });
}, 180_000);

it('a list is not put on record by a worker that has lost the lock while it waited to be confirmed', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const replace = await waitingReplacement(host, client);
  const mark = (await readdir(host.runDir)).find((name) => name.endsWith('.lists.lock.lock'));
  await rm(join(host.runDir, mark ?? ''), { recursive: true });
  await host.logged('The lock of list blocked was taken away');
  await client.publish(
    host.id,
    makeJob(host.id, { kind: 'confirm', jobId: replace.id }),
    {},
    CONTROL_EXCHANGE,
  );
  expect((await client.completed(replace.id)).data).toMatchObject({
    outcome: 'failed',
    failure: { code: 'lock_timeout' },
    list: { liveRevision: 1 },
  });
  expect(await runList(client, host, 'change', { revision: 2, add: ['192.0.2.3'] })).toMatchObject({
    outcome: 'applied',
    list: { liveRevision: 2, entries: 2 },
  });
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1', '192.0.2.3']);
});

it('a stopped worker that waits for the confirmation of a list is made to go on, and takes it back', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const replace = await waitingReplacement(host, client, 3);
  process.kill(host.pid, 'SIGSTOP');
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.2']);
  expect((await client.completed(replace.id)).data).toMatchObject({
    outcome: 'rolled_back',
    failure: { code: 'confirm_timeout' },
    list: { liveRevision: 1 },
  });
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
});
