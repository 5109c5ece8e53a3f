import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { COMPLETED_EXAMPLE } from '../../../src/contract/schema/event-examples.ts';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { StatusReader } from '../../support/metrics.ts';
import { type Backend, mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
const OTHER = EDGE.replaceAll('edge', 'other');
/** An undo is tried for a minute before its job ends, and the rest of a test may take some time more. */
const LONG = { timeout: 240_000 };
const POLL = { timeout: 120_000, interval: 100 };

async function answer(client: TestClient, host: TestHost, kind: 'confirm' | 'abort', jobId: string) {
  const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
  await client.publish(host.id, { id, apiVersion, issuedAt, target, kind, jobId }, {}, CONTROL_EXCHANGE);
}

/** A host with a foreign rule, on which a change waits to be confirmed. */
async function waiting(host: TestHost, timeoutSeconds: number) {
  const client = await fixture.client();
  await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.9/32', '-j', 'DROP');
  const before = await host.namespace.save();
  const confirm = { mode: 'manual', timeoutSeconds };
  const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE, ipv6: EDGE6 }, confirm });
  await client.publish(host.id, job);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  expect(await host.namespace.save()).not.toBe(before);
  return { client, before, job };
}
const EDGE6 = EDGE.replace('192.0.2.1/32', '2001:db8::1/128');

const ended = async (client: TestClient, jobId: string) => {
  await expect.poll(() => client.completions(jobId).length, POLL).toBeGreaterThan(0);
  return await client.completed(jobId);
};

type UndoneEvent = Extract<FleetEvent, { type: 'fleetwall.job.undone' }>;
const undone = (client: TestClient, jobId: string): UndoneEvent[] =>
  client.heard
    .map(({ event }) => event)
    .filter((event): event is UndoneEvent => event.type === 'fleetwall.job.undone')
    .filter(({ subject }) => subject === jobId);

/** The undo was reported once, nothing is left of the change, and other rulesets can be pushed again. */
async function expectSettled(host: TestHost, client: TestClient, before: string, jobId: string) {
  await expect.poll(() => undone(client, jobId).length, POLL).toBe(1);
  const [event] = undone(client, jobId);
  expect(event).toMatchObject({
    subject: jobId,
    data: {
      hostId: host.id,
      jobId,
      ruleset: { name: 'edge', revision: 1, liveRevision: null, liveDigest: null },
      diff: { added: 0, removed: 4 },
      verified: true,
    },
  });
  const { key } = client.heard.find((heard) => heard.event === event) ?? {};
  expect(key).toBe(`${host.id}.job.undone`);
  expect(await host.namespace.save()).toBe(before);
  const next = await client.run(host.id, { ruleset: { name: 'other', revision: 1, ipv4: OTHER } });
  expect(next.data.outcome).toBe('applied');
  expect(new Set(client.completions(jobId).map(({ id }) => id)).size).toBe(1);
  expect(client.completions(jobId)).toHaveLength(1);
  expect(undone(client, jobId)).toHaveLength(1);
  expect(await readdir(join(host.stateDir, 'journal'))).not.toContain('change.json');
}

async function expectOwed(host: TestHost, client: TestClient, jobId: string, reason: string) {
  for (const fields of [
    { ruleset: { name: 'other', revision: 1, ipv4: OTHER } },
    { action: 'remove', ruleset: { name: 'edge', revision: 2 } },
  ]) {
    const { data } = await client.run(host.id, fields);
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'undo_pending', stage: 'host', retryable: true },
    });
    expect(data.failure?.message).toContain(`job ${jobId}`);
    expect(data.failure?.message).toContain('edge revision 1');
    expect(data.failure?.message).toContain(reason);
  }
  const list = { name: 'blocked', revision: 1, add: ['192.0.2.7'] };
  const { data } = await client.run(host.id, { action: 'list.change', list });
  expect(data).toMatchObject({ outcome: 'failed', changed: false, failure: { code: 'undo_pending' } });
  expect(data.failure?.message).toContain(`job ${jobId} (ruleset edge revision 1) is owed`);
  const check = { action: 'check', ruleset: { name: 'other', revision: 1, ipv4: OTHER } };
  expect((await client.run(host.id, check)).data.outcome).toBe('checked');
  expect((await client.run(host.id, { action: 'report' })).data.outcome).toBe('reported');
}

describe('an undo that does not succeed in time', () => {
  it(
    'because another program has the xtables lock is owed, also after a restart, until the lock is free',
    LONG,
    async () => {
      // A lock file for this host only, mounted over that of the machine.
      const mounts = [
        ': >>$STATE-xtables.lock',
        ': >>/run/xtables.lock',
        'mount --bind $STATE-xtables.lock /run/xtables.lock',
      ];
      const pages = await StatusReader.choose();
      const isOwed = async () => (await pages.samples()).get('fleetwall_undo_owed');
      const environment = { FLEETWALL_LOCK_TIMEOUT_SECONDS: '1', ...pages.environment };
      const host = await fixture.host('legacy', { holdable: true, mounts, environment });
      const { client, before, job } = await waiting(host, 600);
      const lock = `${host.stateDir}-xtables.lock`;
      const holder = spawn('/usr/bin/flock', ['-x', lock, 'sh', '-c', 'echo held; read _'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await once(holder.stdout, 'data');
      // A change that waits is no undo.
      expect(await isOwed()).toBe(0);
      await answer(client, host, 'abort', job.id);
      expect((await ended(client, job.id)).data).toMatchObject({
        outcome: 'failed',
        changed: true,
        failure: { code: 'undo_failed', stage: 'apply', retryable: false },
        rollback: { performed: true, reason: 'aborted', verified: false },
      });
      await expectOwed(host, client, job.id, 'xtables lock');
      await host.end('SIGKILL');
      await host.start();
      await expectOwed(host, client, job.id, 'xtables lock');
      expect(await isOwed()).toBe(1);
      holder.stdin.end();
      await expectSettled(host, client, before, job.id);
      expect(await isOwed()).toBe(0);
    },
  );

  it('is done by the watchdog if the worker is killed, and the next worker reports it', LONG, async () => {
    const host = await fixture.host('nft', { holdable: true });
    const { client, before, job } = await waiting(host, 600);
    await host.sabotage('dies', 0, 'live', 10_000);
    await answer(client, host, 'abort', job.id);
    expect((await ended(client, job.id)).data.failure?.code).toBe('undo_failed');
    await expectOwed(host, client, job.id, 'it was ended by a signal');
    await host.end('SIGKILL');
    await host.endSabotage();
    await expect.poll(async () => await host.namespace.save(), POLL).toBe(before);
    await host.start();
    await expectSettled(host, client, before, job.id);
  });
});

it('an owed undo is done by a command on the host, and the worker reports it', LONG, async () => {
  const host = await fixture.host('nft');
  const { client, before, job } = await waiting(host, 600);
  await host.end('SIGKILL');
  const told = {
    ...COMPLETED_EXAMPLE,
    subject: job.id,
    data: {
      ...COMPLETED_EXAMPLE.data,
      jobId: job.id,
      hostId: host.id,
      failure: { ...COMPLETED_EXAMPLE.data.failure, code: 'undo_failed', stage: 'apply' },
    },
  };
  await mkdir(join(host.stateDir, 'results'), { recursive: true });
  await writeFile(join(host.stateDir, `results/${job.id}.json`), JSON.stringify(told));
  const rules = join(host.folder, 'third.rules');
  await writeFile(rules, OTHER.replaceAll('other', 'third'));
  const { status, stdout, stderr } = await fleetwall(['apply', rules], {
    environment: {
      FLEETWALL_HOST_ID: host.id,
      FLEETWALL_BACKEND: 'nft',
      FLEETWALL_NETNS: host.namespace.name,
      FLEETWALL_STATE_DIR: host.stateDir,
      FLEETWALL_RUN_DIR: host.runDir,
    },
  });
  expect([status, stdout]).toEqual([0, expect.stringContaining('ruleset third revision 1 applied')]);
  expect(stderr).toBe('');
  await host.namespace.iptables('-D', 'INPUT', '-j', 'third');
  await host.namespace.iptables('-F', 'third');
  await host.namespace.iptables('-X', 'third');
  expect(await host.namespace.save()).toBe(before);
  await host.start({ FLEETWALL_DRIFT: 'off' });
  await expectSettled(host, client, before, job.id);
});

describe.each(mostlyWith('nft'))('an undo, %s', (backend: Backend) => {
  it.each([
    ['moved to the head', '-A INPUT -j edge', '-I INPUT -j edge'],
    [
      'set in another order',
      '-A INPUT -j edge\n-A INPUT -p udp -j edge',
      '-I INPUT -j edge\n-I INPUT -p udp -j edge',
    ],
  ])('puts a hook back that its change has %s', async (_, old, moved) => {
    const client = await fixture.client();
    const host = await fixture.host(backend);
    await host.namespace.iptables('-A', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
    const push = async (revision: number, hooks: string, confirm: object) =>
      await client.run(host.id, {
        ruleset: { name: 'edge', revision, ipv4: EDGE.replace('-A INPUT -j edge', hooks) },
        confirm,
      });
    expect((await push(1, old, { mode: 'none' })).data.outcome).toBe('applied');
    await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.9/32', '-j', 'DROP');
    const before = await host.namespace.save();
    const { data } = await push(2, moved, { mode: 'manual', timeoutSeconds: 2 });
    expect(data).toMatchObject({ outcome: 'rolled_back', rollback: { performed: true, verified: true } });
    expect(await host.namespace.save()).toBe(before);
  });
});

describe.each(mostlyWith('legacy'))('an undo at the start of a worker, %s', (backend: Backend) => {
  it('is tried again until it succeeds', LONG, async () => {
    const host = await fixture.host(backend, { holdable: true });
    const { client, before, job } = await waiting(host, 1);
    await host.end('SIGKILL');
    // Five failures: more than the attempts that are made in a row.
    await host.sabotage('dies', 0, 'live', 5);
    await host.start();
    expect((await ended(client, job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout' },
      rollback: { performed: true, verified: true },
    });
    expect(await host.namespace.save()).toBe(before);
    expect(undone(client, job.id)).toEqual([]);
  });
});

describe('a worker that is stopped while a change waits', () => {
  it('is told to continue by the watchdog, and takes the change back', LONG, async () => {
    const host = await fixture.host('nft');
    const { client, before, job } = await waiting(host, 3);
    process.kill(host.pid, 'SIGSTOP');
    try {
      await expect.poll(async () => await host.namespace.save(), POLL).toBe(before);
    } finally {
      // A stopped process could not be ended.
      process.kill(host.pid, 'SIGCONT');
    }
    expect((await ended(client, job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout' },
      rollback: { verified: true },
    });
    const next = await client.run(host.id, { ruleset: { name: 'other', revision: 1, ipv4: OTHER } });
    expect(next.data.outcome).toBe('applied');
    expect(client.completions(job.id)).toHaveLength(1);
  });
});
