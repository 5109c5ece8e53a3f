import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL_EXCHANGE, JOBS_EXCHANGE } from '../../../src/contract/words/names.ts';
import { TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { TestHost } from '../../support/host.ts';
import { StatusReader } from '../../support/metrics.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const RULESET = { name: 'edge', revision: 1, ipv4: '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n' };

describe('a worker goes on by itself', () => {
  let broker: Rabbitmq;
  let host: TestHost;
  let client: TestClient;
  beforeAll(async () => {
    broker = await Rabbitmq.start();
  });
  afterAll(async () => await broker.stop());
  afterEach(async () => {
    await host.remove();
    await client.close();
  });

  const start = async (environment: Record<string, string>) => {
    client = await TestClient.connect(broker.url);
    host = await TestHost.create({ brokerUrl: broker.url, client, backend: 'nft', environment });
  };

  it('after the exchanges of its queues were deleted: it makes and binds them with its next looks', async () => {
    await start({ FLEETWALL_HEARTBEAT_SECONDS: '1' });
    await host.start();
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    for (const exchange of [JOBS_EXCHANGE, CONTROL_EXCHANGE]) await channel.deleteExchange(exchange);
    await host.logged('What was lacking at the broker is there again');
    expect((await client.run(host.id, { ruleset: RULESET })).data.outcome).toBe('applied');
    await connection.close();
  });

  it('after the broker takes connections again that had reached its limit, which it asks with pauses that grow', async () => {
    await start({});
    await broker.ctl('add_user', host.id, 'secret');
    await broker.ctl('set_permissions', host.id, '.*', '.*', '.*');
    await broker.ctl('set_user_limits', host.id, '{"max-connections": 0}');
    host.spawn({ FLEETWALL_AMQP_URL: broker.url.replace('//', `//${host.id}:secret@`) });
    await host.logged('Cannot work with the broker');
    await sleep(20_000);
    // At most a second before the first try, two before the second, then four, eight and sixteen: at random below that.
    const tries = (await host.log()).split('"msg":"Cannot work with the broker"').length - 1;
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThan(14);
    expect(await host.log()).toMatch(/a limit of connections is reached/);
    const since = client.heard.length;
    await broker.ctl('clear_user_limits', host.id, 'all');
    await client.event(host.id, 'fleetwall.worker.online', since);
  });

  it('after its password was changed, and the file of it: it reads it at each try to log in', async () => {
    await start({});
    const file = join(host.folder, 'password');
    await writeFile(file, 'the first\n', { mode: 0o600 });
    await broker.ctl('add_user', host.id, 'the first');
    await broker.ctl('set_permissions', host.id, '.*', '.*', '.*');
    const pages = await StatusReader.choose();
    await host.start({
      FLEETWALL_AMQP_URL: broker.url.replace('//', `//${host.id}@`),
      FLEETWALL_AMQP_PASSWORD_FILE: file,
      ...pages.environment,
    });
    await broker.ctl('change_password', host.id, 'the second');
    const since = client.heard.length;
    await broker.ctl('close_all_user_connections', host.id, 'new password');
    await host.logged('Cannot work with the broker');
    expect((await pages.json('/readyz')).body).toMatchObject({
      checks: { broker: expect.stringMatching(/does not let this user in: user or password is wrong/) },
    });
    await writeFile(file, 'the second\n');
    await client.event(host.id, 'fleetwall.worker.online', since);
    // The probe logs in anew, too.
    const confirm = { mode: 'probe', timeoutSeconds: 10 };
    expect((await client.run(host.id, { ruleset: RULESET, confirm })).data.outcome).toBe('applied');
    // A file that is gone is no reason not to try the password that is known.
    await rm(file);
    const later = client.heard.length;
    await broker.ctl('close_all_user_connections', host.id, 'once more');
    await client.event(host.id, 'fleetwall.worker.online', later);
  });
});

describe('a push that the broker does not take', () => {
  let broker: Rabbitmq;
  beforeAll(async () => {
    broker = await Rabbitmq.start();
  });
  afterAll(async () => await broker.stop());

  const push = async (host: string) =>
    await fleetwall(['push', '-', '--name', 'edge', '--revision', '1', '--host', host, '--timeout', '10'], {
      environment: { FLEETWALL_AMQP_URL: broker.url },
      input: RULESET.ipv4,
    });

  it('as a queue is full says so, and not that the broker is silent', async () => {
    const client = await TestClient.connect(broker.url);
    const host = await TestHost.create({ brokerUrl: broker.url, client, backend: 'nft' });
    await host.start();
    await host.end('SIGKILL');
    const limit = '{"max-length":1,"overflow":"reject-publish"}';
    await broker.ctl('set_policy', 'few', `^fleetwall\\.host\\.${host.id}$`, limit, '--apply-to', 'queues');
    const said: string[] = [];
    // A queue of RabbitMQ takes some more than its limit.
    for (let pushed = 0; pushed < 4 && !said.at(-1)?.includes('refused'); pushed += 1)
      said.push((await push(host.id)).stderr);
    expect(said.at(-1)).toContain('the broker refused the message: a queue that it is for is full');
    expect(said.join('\n')).not.toContain('does not answer');
    await host.remove();
    await client.close();
  });

  it('as it is short of memory says so, and keeps its connection', async () => {
    await broker.ctl('set_vm_memory_high_watermark', '0.00001');
    const pushing = push('away-1');
    await sleep(15_000);
    await broker.ctl('set_vm_memory_high_watermark', '0.4');
    const { stderr } = await pushing;
    expect(stderr).toContain('The broker takes no messages for now');
    expect(stderr).not.toContain('Lost the connection');
  });
});
