import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { CONTROL_EXCHANGE, DEAD_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const fixture = new Fixture();

function ruleset(name: string, revision: number, more = {}) {
  const ipv4 = `*filter\n:${name} - [0:0]\n-A INPUT -j ${name}\n-A ${name} -m comment --comment r${revision}. -j RETURN\nCOMMIT\n`;
  return { name, revision, ipv4, ...more };
}

/** A host whose worker does not run, so that jobs wait for it. */
async function away(): Promise<{ host: TestHost; client: TestClient }> {
  const host = await fixture.host('nft');
  await host.end();
  return { host, client: await fixture.client() };
}

/** The bodies of what is dead-lettered from now on, also by hosts of other tests. */
async function hearDeadLetters(): Promise<string[]> {
  const connection = await connect(inject('brokerUrl'));
  onTestFinished(async () => await connection.close());
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, DEAD_EXCHANGE, '');
  const bodies: string[] = [];
  await channel.consume(queue, (message) => bodies.push(String(message?.content)), { noAck: true });
  return bodies;
}

async function push(client: TestClient, host: TestHost, fields: object): Promise<string> {
  const job = makeJob(host.id, fields);
  await client.publish(host.id, job);
  return job.id;
}

describe('a host that was away', () => {
  it('applies the newest of 50 revisions, and reports the others as superseded', async () => {
    const { host, client } = await away();
    const ids: string[] = [];
    for (let revision = 1; revision <= 50; revision += 1) {
      ids.push(await push(client, host, { ruleset: ruleset('edge', revision) }));
    }
    await host.start();
    const outcomes: string[] = [];
    for (const id of ids) {
      const { data } = await client.completed(id);
      outcomes.push(data.outcome);
      if (data.outcome === 'superseded') {
        expect(data).toMatchObject({ changed: false, failure: null, ruleset: { liveRevision: 50 } });
      }
    }
    expect(outcomes).toEqual([...Array.from({ length: 49 }, () => 'superseded'), 'applied']);
    expect(await host.namespace.save()).toContain('r50.');
    expect((await host.log()).match(/"msg":"Rehearsed"/g)).toHaveLength(1);
    // A superseded job has one end, too.
    const again = await client.publish(
      host.id,
      makeJob(host.id, { id: ids[0], ruleset: ruleset('edge', 1) }),
    );
    expect(again).toBeUndefined();
    const second = await client.completed(ids[0] ?? '', 2);
    expect(second.id).toBe(client.completions(ids[0] ?? '')[0]?.id);
  });

  it('tries the next newest revision if the newest fails, and treats each ruleset by itself', async () => {
    const { host, client } = await away();
    const first = await push(client, host, { ruleset: ruleset('edge', 1) });
    const second = await push(client, host, { ruleset: ruleset('edge', 2) });
    const other = await push(client, host, { ruleset: ruleset('other', 1) });
    const bad = ruleset('edge', 3);
    bad.ipv4 = bad.ipv4.replace('-j RETURN', '-j MASQUERADE');
    const third = await push(client, host, { ruleset: bad });
    await host.start();
    expect((await client.completed(third)).data.failure?.code).toBe('rule_rejected');
    expect((await client.completed(second)).data.outcome).toBe('applied');
    expect((await client.completed(first)).data.outcome).toBe('superseded');
    expect((await client.completed(other)).data.outcome).toBe('applied');
  });

  it('keeps the order of jobs that depend on it, and runs no job that has expired', async () => {
    const { host, client } = await away();
    const expiresAt = new Date(Date.now() + 300).toISOString();
    const one = await push(client, host, { ruleset: ruleset('edge', 1, { ifRevision: 0 }) });
    const two = await push(client, host, { ruleset: ruleset('edge', 2, { ifRevision: 1 }) });
    const gone = await push(client, host, { action: 'remove', ruleset: { name: 'edge', revision: 3 } });
    const back = await push(client, host, { ruleset: ruleset('edge', 4) });
    const late = await push(client, host, { ruleset: ruleset('edge', 9), expiresAt });
    await sleep(400);
    await host.start();
    const outcomes: string[] = [];
    for (const id of [one, two, gone, back, late]) outcomes.push((await client.completed(id)).data.outcome);
    expect(outcomes).toEqual(['applied', 'applied', 'removed', 'applied', 'expired']);
    expect(await host.namespace.save()).toContain('r4.');
  });
});

describe('a job that comes while another is in hand', () => {
  it('with a lower revision ends as stale, not as superseded, once the other is live', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    await host.holdNextRestore();
    const second = await push(client, host, { ruleset: ruleset('edge', 2) });
    const restore = await host.heldRestore();
    const first = await push(client, host, { ruleset: ruleset('edge', 1) });
    await sleep(300);
    process.kill(restore, 'SIGCONT');
    expect((await client.completed(second)).data.outcome).toBe('applied');
    expect((await client.completed(first)).data.failure?.code).toBe('revision_stale');
  });

  it('goes back to the broker when the worker stops, and is run by the next', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    await host.holdNextRestore();
    const edge = await push(client, host, { ruleset: ruleset('edge', 1) });
    const restore = await host.heldRestore();
    const other = await push(client, host, { ruleset: ruleset('other', 1) });
    await sleep(300);
    process.kill(host.pid, 'SIGTERM');
    await host.logged('Worker stops');
    process.kill(restore, 'SIGCONT');
    expect(await host.ended()).toBe(0);
    expect((await client.completed(edge)).data.outcome).toBe('applied');
    expect(client.completions(other)).toEqual([]);
    await host.start();
    expect((await client.completed(other)).data.outcome).toBe('applied');
    expect(client.completions(edge)).toHaveLength(1);
  });
});

/** Starts the worker so many times, and kills it each time in the rehearsal of its job: that comes before the journal, and leaves nothing to be settled. */
async function killWhileItRehearses(host: TestHost, times: number): Promise<void> {
  for (let attempt = 1; attempt <= times; attempt += 1) {
    await host.holdNextRestore('rehearsal');
    await host.start();
    const restore = await host.heldRestore();
    await host.end('SIGKILL');
    process.kill(restore, 'SIGKILL');
  }
}

describe('a message that ends the worker each time', () => {
  it('goes to the dead letters after five attempts, with an event, and the jobs behind it are run', async () => {
    const host = await fixture.host('nft', {
      holdable: true,
      environment: { FLEETWALL_QUEUE_TYPE: 'quorum' },
    });
    const client = await fixture.client();
    const dead = await hearDeadLetters();
    await host.end();
    const poison = makeJob(host.id, { ruleset: ruleset('poison', 1), rolloutId: 'poisoned' });
    // As bytes, it has no message_id: it is told by the id of the job.
    await client.publish(host.id, Buffer.from(JSON.stringify(poison)));
    const behind = await push(client, host, { ruleset: ruleset('edge', 1) });
    await killWhileItRehearses(host, 5);
    await host.start();
    const { data } = await client.completed(poison.id);
    expect(data).toMatchObject({
      action: 'apply',
      rolloutId: 'poisoned',
      outcome: 'rejected',
      authenticated: false,
      failure: { code: 'internal', stage: 'decode' },
    });
    expect(data.failure?.message).toContain('begun 5 times');
    await expect.poll(() => dead).toContain(JSON.stringify(poison));
    expect((await client.completed(behind)).data.outcome).toBe('applied');
    expect(await host.namespace.save()).not.toContain('poison');
  });

  it('has the end that its change had, if that was made at the last attempt', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    await host.end();
    const job = makeJob(host.id, {
      ruleset: ruleset('edge', 1),
      confirm: { mode: 'manual', timeoutSeconds: 600 },
    });
    await client.publish(host.id, job);
    await killWhileItRehearses(host, 4);
    await host.start();
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await host.end('SIGKILL');
    await host.start();
    await client.publish(host.id, makeJob(host.id, { kind: 'confirm', jobId: job.id }), {}, CONTROL_EXCHANGE);
    const end = await client.completed(job.id);
    expect(end.data.outcome).toBe('applied');
    expect((await client.run(host.id, { ruleset: ruleset('other', 1) })).data.outcome).toBe('applied');
    for (const again of client.completions(job.id)) expect(again).toEqual(end);
    expect(await readdir(join(host.stateDir, 'attempts'))).toEqual([]);
  });

  it('is not counted any more once a newer one has superseded it', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    const first = await push(client, host, { ruleset: ruleset('edge', 1) });
    await client.completed(first);
    await host.end();
    const older = await push(client, host, { ruleset: ruleset('edge', 2) });
    await killWhileItRehearses(host, 2);
    expect(await readdir(join(host.stateDir, 'attempts'))).toHaveLength(1);
    const newer = await push(client, host, { ruleset: ruleset('edge', 3) });
    await host.start();
    expect((await client.completed(older)).data.outcome).toBe('superseded');
    expect((await client.completed(newer)).data.outcome).toBe('applied');
    await expect.poll(async () => await readdir(join(host.stateDir, 'attempts'))).toEqual([]);
  });
});

describe('events that the broker does not take', () => {
  it('are kept on disk, in order, after the end of the worker, and are published once', async () => {
    const { host, uplink } = await fixture.linkedHost('nft', 'ipv4', { holdable: true });
    const client = await fixture.client();
    await host.holdNextRestore();
    const id = await push(client, host, { ruleset: ruleset('edge', 1) });
    const restore = await host.heldRestore();
    await uplink.cut();
    await host.logged('Lost the connection');
    process.kill(restore, 'SIGCONT');
    await host.logged('An event is kept');
    expect(await host.namespace.save()).toContain('r1.');
    // The worker looks for drift meanwhile.
    await host.namespace.iptables('-F', 'edge');
    await host.end();
    const folder = join(host.stateDir, 'outbox');
    const types = [];
    for (const name of (await readdir(folder)).toSorted()) {
      types.push(
        (JSON.parse(await readFile(join(folder, name), 'utf8')) as { event: { type: string } }).event.type,
      );
    }
    expect(types).toContain('fleetwall.job.completed');
    await uplink.mend();
    await host.start();
    expect((await client.completed(id)).data.outcome).toBe('applied');
    await sleep(1_000);
    expect(client.completions(id)).toHaveLength(1);
    await expect.poll(async () => await readdir(folder)).toEqual([]);
  });
});
