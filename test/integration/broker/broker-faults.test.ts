import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, TestClient } from '../../support/client.ts';
import { FaultFleet } from '../../support/fault-fleet.ts';
import { FAULTS } from '../../support/faults.ts';

/** The long form, with 200 jobs and the faults that take long, is `npm run chaos -- faults`. */
const JOBS = 30;

describe('30 jobs to three hosts, and a fault meanwhile', () => {
  let fleet: FaultFleet;
  beforeAll(async () => {
    fleet = await FaultFleet.start();
  });
  afterAll(async () => await fleet.stop());

  it.each(FAULTS.filter(({ isLong }) => isLong !== true))(
    '$what: each job has one end, and the newest revision is live',
    async ({ harm }) => {
      const count = await fleet.endure(JOBS, async () => await harm(fleet));
      expect(count).toMatchObject({ ended: JOBS, runTwice: 0, newestLive: fleet.hosts.length });
      expect(Object.keys(count.outcomes)).not.toContain('failed');
    },
  );

  it('a worker without the right to declare or bind works with the queues that exist', async () => {
    const { broker, proxy, hosts } = fleet;
    const [host] = hosts as [(typeof hosts)[0]];
    const password = 'just-for-this-test';
    await broker.ctl('add_user', host.id, password);
    const queues = `^fleetwall\\.(host|control)\\.${host.id}$`;
    await broker.ctl('set_permissions', host.id, '^$', '^fleetwall\\.events$', queues);
    await host.end();
    const listener = await TestClient.connect(broker.url);
    const { port } = new URL(proxy.url);
    host.spawn({ FLEETWALL_AMQP_URL: `amqp://${host.id}:${password}@127.0.0.1:${port}` });
    await listener.event(host.id, 'fleetwall.worker.online');
    const ipv4 = '*filter\n:least - [0:0]\n-A INPUT -j least\n-A least -j RETURN\nCOMMIT\n';
    const confirm = { mode: 'probe', timeoutSeconds: 10 };
    const { data } = await listener.run(host.id, { ruleset: { name: 'least', revision: 1, ipv4 }, confirm });
    expect(data.outcome).toBe('applied');
    await host.end();
    const since = listener.heard.length;
    host.spawn();
    await listener.event(host.id, 'fleetwall.worker.online', since);
    await listener.close();
  });

  it('jobs that the broker takes back while they wait behind a long window have one end all the same', async () => {
    const { broker, hosts } = fleet;
    const [host] = hosts as [(typeof hosts)[0]];
    const setTimeouts = async (timeoutMs: number, tickMs: number) => {
      const set = (name: string, value: number) => `application:set_env(rabbit, ${name}, ${value})`;
      await broker.ctl(
        'eval',
        `${set('consumer_timeout', timeoutMs)}, ${set('channel_tick_interval', tickMs)}.`,
      );
      await broker.ctl('close_all_connections', 'new timeouts');
    };
    await setTimeouts(3_000, 1_000);
    const listener = await TestClient.connect(broker.url);
    await listener.event(host.id, 'fleetwall.worker.heartbeat');
    const ipv4 = '*filter\n:NAME - [0:0]\n-A INPUT -j NAME\n-A NAME -j RETURN\nCOMMIT\n';
    const [first, second] = ['waits', 'behind'].map((name) => ({
      name,
      revision: 1,
      ipv4: ipv4.replaceAll('NAME', name),
    }));
    const confirm = { mode: 'manual', timeoutSeconds: 90 };
    const waits = makeJob(host.id, { ruleset: first, confirm });
    const behind = makeJob(host.id, { ruleset: second });
    await listener.publish(host.id, waits);
    await listener.publish(host.id, behind);
    await listener.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await expect.poll(async () => await host.log(), { timeout: 30_000 }).toContain('PRECONDITION_FAILED');
    const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
    const yes = { id, apiVersion, issuedAt, target, kind: 'confirm', jobId: waits.id };
    await listener.publish(host.id, yes, {}, CONTROL_EXCHANGE);
    expect((await listener.completed(waits.id)).data.outcome).toBe('applied');
    expect((await listener.completed(behind.id)).data.outcome).toBe('applied');
    await sleep(3_000);
    for (const job of [waits, behind]) expect(listener.completions(job.id)).toHaveLength(1);
    await listener.close();
    await setTimeouts(1_800_000, 60_000);
  });
});
