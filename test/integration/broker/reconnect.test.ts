import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { TestClient } from '../../support/client.ts';
import { MethodProxy } from '../../support/method-proxy.ts';
import { SimulatedHost } from '../../support/simulated-host.ts';

/** Longer than anything takes that a worker does at once. */
const QUIET_MS = 3_000;
/** Events, jobs and control messages have one each; a question has one, and the broker closes it where it says that there is no such queue. */
const MOST_AT_START = 8;

describe('a worker that comes back to a broker on which it has all that it needs', () => {
  it.each(['quorum', 'classic'] as const)(
    'consumes first: it opens few channels, and declares and binds nothing: %s queues',
    async (queueType) => {
      const proxy = await MethodProxy.start(inject('brokerUrl'));
      const client = await TestClient.connect(inject('brokerUrl'));
      const folder = await mkdtemp(join(tmpdir(), 'fleetwall-reconnect-'));
      const options = { brokerUrl: proxy.url, folder, groups: ['web'], queueType };
      const first = new SimulatedHost(`first-${queueType}`, options);
      const host = new SimulatedHost(`back-${queueType}`, options);
      try {
        // What a fleet shares is there already.
        first.start();
        await client.event(first.id, 'fleetwall.worker.online');
        await sleep(QUIET_MS);
        await first.stop();
        proxy.connections.length = 0;

        host.start();
        await client.event(host.id, 'fleetwall.worker.online');
        await sleep(QUIET_MS);
        expect(proxy.connections).toHaveLength(1);
        expect(proxy.connections[0]?.get('basic.consume')).toBe(2);
        expect(proxy.connections[0]?.get('channel.open')).toBeLessThanOrEqual(MOST_AT_START);

        const since = client.heard.length;
        proxy.cut();
        await client.event(host.id, 'fleetwall.worker.online', since);
        const { data } = await client.run(host.id, {
          ruleset: { name: 'edge', revision: 1, ipv4: '*filter\n:edge - [0:0]\nCOMMIT\n' },
          confirm: { mode: 'none' },
        });
        expect(data.outcome).toBe('applied');
        await sleep(QUIET_MS);
        expect(proxy.connections).toHaveLength(2);
        const asked = Object.fromEntries(proxy.connections[1] ?? []);
        // The one question is whether anything waits in the control queue. Other tests may have asked all hosts of this broker how they are.
        const any = expect.any(Number) as number;
        expect(asked).toEqual({ 'channel.open': any, 'basic.get': any, 'basic.consume': 2 });
        expect(asked['channel.open']).toBeLessThanOrEqual(4);
      } finally {
        await host.stop();
        await client.close();
        proxy.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
