import { expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';

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
