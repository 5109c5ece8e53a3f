import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { makeKey, type SigningKey, sign } from '../../support/signer.ts';

const fixture = new Fixture();

function edge(address: number): string {
  return `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\nCOMMIT\n`;
}

it.each(['quorum', 'classic'])(
  'a second worker with the same host id gets no jobs, says why in its log, and publishes nothing: %s queue',
  async (queueType) => {
    const environment = { FLEETWALL_QUEUE_TYPE: queueType };
    const first = await fixture.host('nft', { environment });
    const client = await fixture.client();
    const since = client.heard.length;
    const second = await fixture.host('nft', { environment, id: first.id, wait: false });
    await second.logged('Another worker consumes this queue');
    for (let revision = 1; revision <= 6; revision += 1) {
      const job = makeJob(first.id, { ruleset: { name: 'edge', revision, ipv4: edge(revision) } });
      await client.publish(first.id, job);
      expect((await client.completed(job.id)).data.outcome).toBe('applied');
    }
    expect(await first.namespace.save()).toContain('192.0.2.6/32');
    expect(await second.namespace.save()).toBe('');
    expect(await second.log()).not.toContain('"msg":"Consuming"');
    expect(await second.end()).toBe(0);
    const told = client.heard.slice(since).filter(({ event }) => event.type === 'fleetwall.worker.offline');
    expect(told.filter(({ event }) => event.data.hostId === first.id)).toEqual([]);
    // Once the first worker has gone, the next one takes the jobs of the host.
    second.spawn();
    await first.end();
    await second.logged('Consuming');
    const job = makeJob(first.id, { ruleset: { name: 'edge', revision: 9, ipv4: edge(9) } });
    await client.publish(first.id, job);
    expect((await client.completed(job.id)).data.outcome).toBe('applied');
    expect(await second.namespace.save()).toContain('192.0.2.9/32');
  },
);

describe('the id of a job that has ended', () => {
  let folder: string;
  let high: SigningKey;
  let low: SigningKey;
  let host: TestHost;
  let client: TestClient;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-keys-'));
    high = await makeKey(folder, 'high');
    low = await makeKey(folder, 'low');
    const limits = { actions: ['report', 'apply'], rulesets: ['other'] };
    const file = join(folder, 'trusted.json');
    const keys = [high.publicJwk, { ...low.publicJwk, fleetwall: limits }];
    await writeFile(file, JSON.stringify({ keys }), { mode: 0o600 });
    const environment = { FLEETWALL_TRUSTED_KEYS: file, FLEETWALL_ALLOW_UNSIGNED: 'false' };
    host = await fixture.host('nft', { environment });
    client = await fixture.client();
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const make = (fields: object) => makeJob(host.id, { expiresAt, ...fields });
  async function send(job: { id: string }, key: SigningKey): Promise<void> {
    const options = { contentType: 'application/jose', messageId: job.id };
    await client.publish(host.id, await sign(job, 'compact', key.file), options);
  }
  const REFUSED = {
    outcome: 'rejected',
    authenticated: false,
    failure: { code: 'job_malformed', message: expect.stringContaining('its id is that of another job') },
  };

  it('gives the end of that job to no other, whoever was first', async () => {
    const other = {
      name: 'other',
      revision: 1,
      ipv4: '*filter\n:other - [0:0]\n-A INPUT -j other\nCOMMIT\n',
    };
    const wanted = make({ ruleset: { name: 'edge', revision: 1, ipv4: edge(1) } });
    const before = [
      make({ id: wanted.id, action: 'report', ruleset: { name: 'other' } }),
      make({ ruleset: other }),
    ] as const;
    for (const job of before) {
      await send(job, low);
      const { outcome } = (await client.completed(job.id)).data;
      expect(['reported', 'applied']).toContain(outcome);
      await send({ ...wanted, id: job.id }, high);
      expect((await client.completed(job.id, 2)).data).toMatchObject({ ...REFUSED, action: 'apply' });
    }
    expect(await host.namespace.save()).not.toContain('192.0.2.1');
    // Under an id of its own it runs, and keeps its end whatever else is sent under it.
    const own = make({ ruleset: wanted['ruleset'] });
    await send(own, high);
    expect((await client.completed(own.id)).data.outcome).toBe('applied');
    await send({ ...before[0], id: own.id }, low);
    expect((await client.completed(own.id, 2)).data).toMatchObject({ ...REFUSED, action: 'report' });
    // Signed anew, it is the same job.
    await send(own, high);
    expect((await client.completed(own.id, 3)).id).toBe(client.completions(own.id)[0]?.id);
  });
});
