import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { CONTROL_EXCHANGE, hostControlQueue, hostKey } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { makeKey, type SigningKey, sign } from '../../support/signer.ts';

const fixture = new Fixture();
const edge = (revision: number) => ({
  name: 'edge',
  revision,
  ipv4: `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${revision}/32 -j DROP\nCOMMIT\n`,
});
const other = (revision: number) => ({
  name: 'other',
  revision,
  ipv4: '*filter\n:other - [0:0]\n-A INPUT -j other\nCOMMIT\n',
});

function cancellation(host: TestHost, jobId: string) {
  const { apiVersion, issuedAt, target } = makeJob(host.id, {});
  return { id: randomUUID(), apiVersion, issuedAt, target, kind: 'cancel', jobId };
}

async function cancel(client: TestClient, host: TestHost, jobId: string): Promise<void> {
  await client.publish(host.id, cancellation(host, jobId), {}, CONTROL_EXCHANGE);
}

describe('a job that is cancelled', () => {
  it('before its host is there does not run, also when it comes again; the next one does', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await host.end();
    const job = makeJob(host.id, { ruleset: edge(1) });
    await client.publish(host.id, job);
    await cancel(client, host, job.id.toUpperCase());
    await host.start();
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'cancelled',
      changed: false,
      failure: null,
      ruleset: { name: 'edge', revision: 1, liveRevision: null },
    });
    await client.publish(host.id, job);
    const again = await client.completed(job.id, 2);
    expect(again.id).toBe(client.completions(job.id)[0]?.id);
    expect((await client.run(host.id, { ruleset: edge(1) })).data.outcome).toBe('applied');
  });

  it('before its host is there does not run either where each answer of the broker takes long', async () => {
    const proxy = await FaultProxy.start(inject('brokerUrl'));
    try {
      const host = await fixture.host('nft', { brokerUrl: proxy.url });
      const client = await fixture.client();
      await host.end();
      const job = makeJob(host.id, { ruleset: edge(1) });
      await client.publish(host.id, job);
      const { jobId: _, ...ping } = { ...cancellation(host, job.id), kind: 'ping' };
      for (let count = 0; count < 5; count += 1)
        await client.publish(host.id, { ...ping, id: randomUUID() }, {}, CONTROL_EXCHANGE);
      await cancel(client, host, job.id);
      proxy.mode = 'far';
      await host.start();
      expect((await client.completed(job.id)).data.outcome).toBe('cancelled');
      expect(await host.namespace.save()).toBe('');
    } finally {
      proxy.stop();
    }
  });

  it('before its host is there does not run, where what is said before it cannot be dealt with', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await host.end();
    const [first, second] = [makeJob(host.id, { ruleset: other(1) }), makeJob(host.id, { ruleset: edge(1) })];
    // That the first is cancelled cannot be written, as there is a folder in the place of the file.
    const file = join(host.stateDir, 'cancelled', `${first.id}.json`);
    await mkdir(join(file, 'in-the-way'), { recursive: true });
    await client.publish(host.id, second);
    await cancel(client, host, first.id);
    await cancel(client, host, second.id);
    await host.start();
    expect((await client.completed(second.id)).data.outcome).toBe('cancelled');
    await rm(file, { recursive: true });
    await vi.waitFor(async () => await access(file), { timeout: 10_000 });
    await client.publish(host.id, first);
    expect((await client.completed(first.id)).data.outcome).toBe('cancelled');
  });

  it('before its host is there does not run, where its control queue has a single active consumer', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await host.end();
    const broker = await connect(inject('brokerUrl'));
    try {
      const channel = await broker.createChannel();
      const queue = hostControlQueue(host.id);
      await channel.deleteQueue(queue);
      const single = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };
      await channel.assertQueue(queue, { durable: true, arguments: single });
      await channel.bindQueue(queue, CONTROL_EXCHANGE, hostKey(host.id));
    } finally {
      await broker.close();
    }
    const job = makeJob(host.id, { ruleset: edge(1) });
    await client.publish(host.id, job);
    await cancel(client, host, job.id);
    await host.start();
    expect((await client.completed(job.id)).data.outcome).toBe('cancelled');
    expect((await client.run(host.id, { ruleset: edge(2) })).data.outcome).toBe('applied');
  });

  it('before it is sent ends so, also after a restart', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset: edge(1) });
    await cancel(client, host, job.id);
    await host.logged('A job is cancelled');
    await host.end('SIGKILL');
    await host.start();
    await client.publish(host.id, job);
    expect((await client.completed(job.id)).data.outcome).toBe('cancelled');
    expect(await host.namespace.save()).toBe('');
  });

  it('while only the connection of its host is lost does not run, whatever else was said meanwhile', async () => {
    const proxy = await FaultProxy.start(inject('brokerUrl'));
    try {
      const host = await fixture.host('nft', { brokerUrl: proxy.url });
      const client = await fixture.client();
      proxy.mode = 'cut';
      proxy.breakAll();
      await host.logged('Lost the connection to the broker');
      const job = makeJob(host.id, { ruleset: edge(1) });
      await client.publish(host.id, job);
      const { jobId: _, ...ping } = { ...cancellation(host, job.id), kind: 'ping' };
      for (let count = 0; count < 50; count += 1)
        await client.publish(host.id, { ...ping, id: randomUUID() }, {}, CONTROL_EXCHANGE);
      await cancel(client, host, job.id);
      proxy.mode = 'pass';
      expect((await client.completed(job.id)).data.outcome).toBe('cancelled');
      expect(await host.namespace.save()).toBe('');
    } finally {
      proxy.stop();
    }
  });

  it('while it waits behind the window of another ends at once; what has begun goes on', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const first = makeJob(host.id, { ruleset: edge(1), confirm: { mode: 'manual', timeoutSeconds: 600 } });
    await client.publish(host.id, first);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    const second = makeJob(host.id, { ruleset: other(1) });
    await client.publish(host.id, second);
    await sleep(500);
    await cancel(client, host, first.id);
    await cancel(client, host, second.id);
    expect((await client.completed(second.id)).data.outcome).toBe('cancelled');
    expect(client.completions(first.id)).toEqual([]);
    const answer = { ...cancellation(host, first.id), kind: 'confirm' };
    await client.publish(host.id, answer, {}, CONTROL_EXCHANGE);
    expect((await client.completed(first.id)).data.outcome).toBe('applied');
    await cancel(client, host, first.id);
    expect((await client.run(host.id, { ruleset: other(2) })).data.outcome).toBe('applied');
    expect(client.completions(first.id)).toHaveLength(1);
    expect(client.completions(second.id)).toHaveLength(1);
  });
});

describe('on a host that trusts keys, a job', () => {
  let folder: string;
  let host: TestHost;
  let client: TestClient;
  let edgeKey: SigningKey;
  let otherKey: SigningKey;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-keys-'));
    edgeKey = await makeKey(folder, 'edge-1');
    otherKey = await makeKey(folder, 'other-1');
    const keys = [
      { ...edgeKey.publicJwk, fleetwall: { rulesets: ['edge'], actions: ['apply'] } },
      { ...otherKey.publicJwk, fleetwall: { rulesets: ['other'], actions: ['apply', 'cancel'] } },
    ];
    const file = join(folder, 'trusted.json');
    await writeFile(file, JSON.stringify({ keys }), { mode: 0o600 });
    const environment = { FLEETWALL_TRUSTED_KEYS: file, FLEETWALL_ALLOW_UNSIGNED: 'false' };
    host = await fixture.host('nft', { environment });
    client = await fixture.client();
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  async function send(message: { id: string }, key: SigningKey, exchange?: string): Promise<void> {
    const options = { contentType: 'application/jose', messageId: message.id };
    await client.publish(host.id, await sign(message, 'compact', key.file), options, exchange);
  }

  it('is cancelled by who may ask for it, and by nobody else', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const jobs = [1, 2, 3].map((revision) => makeJob(host.id, { ruleset: edge(revision), expiresAt }));
    const [byOther, unsigned, byOwner] = jobs as [{ id: string }, { id: string }, { id: string }];
    await send(cancellation(host, byOther.id), otherKey, CONTROL_EXCHANGE);
    await client.publish(host.id, cancellation(host, unsigned.id), {}, CONTROL_EXCHANGE);
    await send(cancellation(host, byOwner.id), edgeKey, CONTROL_EXCHANGE);
    await send(cancellation(host, byOwner.id), otherKey, CONTROL_EXCHANGE);
    await host.logged('Control message was refused');
    for (const job of [byOther, unsigned, byOwner]) await send(job, edgeKey);
    const outcomes = [];
    for (const { id } of [byOther, unsigned, byOwner])
      outcomes.push((await client.completed(id)).data.outcome);
    // Those that are not cancelled waited together, and the newer one went first.
    expect(outcomes[2]).toBe('cancelled');
    expect(outcomes.slice(0, 2).every((outcome) => ['applied', 'superseded'].includes(outcome))).toBe(true);
    expect(await host.namespace.save()).toContain('192.0.2.2/32');
  });
});

it('a message that is no job and has no id is answered under an id that is made of its bytes', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const body = Buffer.from('no job');
  await client.publish(host.id, body);
  const digest = createHash('sha256').update(body).digest('hex');
  const script = `import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "sha256:${digest}"))`;
  const { stdout: id } = await execa('python3', ['-c', script]);
  const { subject, data } = await client.completed(id);
  expect({ subject, data }).toMatchObject({
    subject: id,
    data: { jobId: id, outcome: 'rejected', authenticated: false, failure: { code: 'job_malformed' } },
  });
});
