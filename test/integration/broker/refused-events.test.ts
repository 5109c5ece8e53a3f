import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENTS_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, TestClient } from '../../support/client.ts';
import { TestHost } from '../../support/host.ts';
import { StatusReader } from '../../support/metrics.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const PASSWORD = 'just-for-this-test';
const ruleset = (revision: number) => ({
  name: 'edge',
  revision,
  ipv4: `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${revision}/32 -j DROP\nCOMMIT\n`,
});

describe('a worker that may declare nothing', () => {
  let broker: Rabbitmq;
  let host: TestHost;
  let pages: StatusReader;
  let client: TestClient;

  beforeAll(async () => {
    broker = await Rabbitmq.start();
    pages = await StatusReader.choose();
    client = await TestClient.connect(broker.url);
    host = await TestHost.create({
      brokerUrl: broker.url,
      client,
      backend: 'nft',
      environment: pages.environment,
    });
    // Everything is made by somebody with the right to, as the first worker here is.
    await host.start();
    await host.end();
    await broker.ctl('add_user', host.id, PASSWORD);
    await allow('^fleetwall\\.events$');
    await host.start({ FLEETWALL_AMQP_URL: broker.url.replace('//', `//${host.id}:${PASSWORD}@`) });
  });
  afterAll(async () => {
    await host.remove();
    await client.close();
    await broker.stop();
  });

  const allow = async (write: string) => {
    const queues = `^fleetwall\\.(host|control)\\.${host.id}$`;
    await broker.ctl('set_permissions', host.id, '^$', write, queues);
  };
  const brokerCheck = async () => {
    const { status, body } = await pages.json('/readyz');
    return { status, broker: (body as { checks: { broker: string } }).checks.broker };
  };
  const unpublished = { status: 503, broker: expect.stringContaining('events cannot be published') };

  it('is not ready while the events exchange is gone, and publishes again once somebody has made it anew', async () => {
    const connection = await connect(broker.url);
    await (await connection.createChannel()).deleteExchange(EVENTS_EXCHANGE);
    const job = makeJob(host.id, { ruleset: ruleset(1) });
    await client.publish(host.id, job);
    await expect.poll(brokerCheck, { timeout: 20_000 }).toMatchObject(unpublished);
    // The listener makes the exchange, as an admin would.
    const listener = await TestClient.connect(broker.url);
    expect((await listener.completed(job.id)).data.outcome).toBe('applied');
    await listener.close();
    await expect.poll(brokerCheck, { timeout: 20_000 }).toEqual({ status: 200, broker: 'ok' });
    await connection.close();
  });

  it('the same while it has no right to publish, and jobs go on', async () => {
    await allow('^$');
    // A channel that is there may keep the rights that it was opened with.
    await broker.ctl('close_all_user_connections', host.id, 'rights');
    const jobs = [2, 3].map((revision) => makeJob(host.id, { ruleset: ruleset(revision) }));
    for (const job of jobs) await client.publish(host.id, job);
    await expect.poll(async () => await host.namespace.save()).toContain('192.0.2.3');
    await expect.poll(brokerCheck, { timeout: 20_000 }).toMatchObject(unpublished);
    const listener = await TestClient.connect(broker.url);
    await allow('^fleetwall\\.events$');
    for (const { id } of jobs)
      expect((await listener.completed(id)).data.outcome).toMatch(/^(applied|superseded)$/);
    await listener.close();
    await expect.poll(brokerCheck, { timeout: 20_000 }).toEqual({ status: 200, broker: 'ok' });
  });

  it('the end of a job arrives at others although one queue for events takes none, and is not repeated without end', async () => {
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await channel.assertQueue('full', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
    await channel.bindQueue('full', EVENTS_EXCHANGE, '#');
    channel.sendToQueue('full', Buffer.from('no more'));
    const listener = await TestClient.connect(broker.url);
    const job = makeJob(host.id, { ruleset: ruleset(4) });
    await client.publish(host.id, job);
    expect((await listener.completed(job.id)).data.outcome).toBe('applied');
    await expect.poll(brokerCheck, { timeout: 20_000 }).toMatchObject(unpublished);
    // The pauses grow: what was sent three times takes seconds to be sent again, and is the same event each time.
    await listener.completed(job.id, 3);
    expect(new Set(listener.completions(job.id).map(({ id }) => id)).size).toBe(1);
    await channel.deleteQueue('full');
    await expect.poll(brokerCheck, { timeout: 30_000 }).toEqual({ status: 200, broker: 'ok' });
    expect(listener.completions(job.id).length).toBeLessThan(10);
    await listener.close();
    await connection.close();
  });
});
