/**
 * What a fleet of many hosts costs its broker and its client, beside bare amqplib that moves the same messages: a push to all, a
 * look at the fleet, a rollout, and how all come back after the broker was killed. Of each host there is its link, and nothing else.
 *
 * npm run chaos -- thousands [--hosts 500,1000,2000]
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type ChannelModel, connect } from 'amqplib';
import { controlQueue, ensureHostQueue, jobsQueue } from '../../src/broker/connection/topology.ts';
import { FleetClient } from '../../src/central/fleet-client.ts';
import { printTable } from '../bench/support/figures.ts';
import { LightHost } from '../support/light-host.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { SimulatedFleet } from '../support/simulated-fleet.ts';

const MIB = 1024 * 1024;
const SECONDS = 120;
const CLOCK_TICKS = 100;
/** Hosts that are provisioned at the same time. */
const AT_ONCE = 8;

const { values } = parseArgs({ options: { hosts: { type: 'string', default: '500,1000,2000' } } });
const rows: string[][] = [
  [
    'hosts',
    'push to all',
    'bare',
    'ratio',
    'status',
    'rollout',
    'client',
    'back after',
    'broker',
    'CPU of the return',
  ],
];
for (const count of values.hosts.split(',').map(Number)) {
  rows.push(await measure(count));
  console.error(rows.at(-1)?.join(' | '));
}
printTable(rows);

async function measure(count: number): Promise<string[]> {
  const broker = await Rabbitmq.start();
  try {
    const say = sayWithSeconds();
    const bare = await bareSeconds(broker.url, count);
    say('bare amqplib is done');
    const client = await FleetClient.connect({ url: broker.url });
    const make = (id: string, options: ConstructorParameters<typeof LightHost>[1]) =>
      new LightHost(id, options);
    const fleet = await SimulatedFleet.of(make, client, {
      brokerUrl: broker.url,
      count,
      queueType: 'quorum',
      provision: async (ids, group) => {
        await provision(broker.url, ids, group);
        say(`${count} hosts are provisioned`);
      },
    });
    say(`${count} hosts are there`);
    const push = await timed(async () => await pushAll(client, 1, count));
    const status = await timed(async () => void (await client.fleet()));
    const rollout = await timed(async () => await rollOut(client, fleet.group, count));
    const memory = process.memoryUsage().rss / MIB;

    await broker.kill();
    await broker.restart();
    const back = await timed(async () => await untilConsumed(broker.url, fleet.hosts, count));
    const pid = await broker.serverPid();
    const [cpu, resident] = [await cpuSeconds(pid), await residentMib(pid)];
    await pushAll(client, 3, count);
    await fleet.stop();
    await client.close();
    return [
      String(count),
      `${push.toFixed(1)} s`,
      `${bare.toFixed(1)} s`,
      `${(push / bare).toFixed(1)} x`,
      `${status.toFixed(1)} s`,
      `${rollout.toFixed(1)} s`,
      `${memory.toFixed(0)} MiB`,
      `${back.toFixed(1)} s`,
      `${resident.toFixed(0)} MiB`,
      `${cpu.toFixed(0)} s`,
    ];
  } finally {
    await broker.stop();
  }
}

async function pushAll(client: FleetClient, revision: number, count: number): Promise<void> {
  const ipv4 = `*filter\n:edge - [0:0]\n-A edge -s 10.0.${revision}.0/24 -j DROP\nCOMMIT\n`;
  const options = { timeoutSeconds: SECONDS, confirm: { mode: 'none' as const } };
  const answers = await client.push({ name: 'edge', revision, ipv4 }, { all: true }, options);
  const applied = [...answers.values()].filter(({ end }) => end === 'applied' || end === 'unchanged').length;
  if (applied !== count) throw new Error(`${applied} of ${count} hosts applied revision ${revision}`);
}

async function rollOut(client: FleetClient, group: string, count: number): Promise<void> {
  const ipv4 = '*filter\n:edge - [0:0]\n-A edge -s 10.0.2.0/24 -j DROP\nCOMMIT\n';
  const { hosts } = await client.rollout({
    ruleset: { name: 'edge', revision: 2, ipv4 },
    whom: { groups: [group] },
    steps: [{ count: 1 }, { percent: 10 }, { percent: 100 }],
    confirm: { mode: 'none' },
  });
  const applied = Object.values(hosts).filter((end) => end === 'applied').length;
  if (applied !== count) throw new Error(`${applied} of ${count} hosts came to the end of the rollout`);
}

/** Until the broker counts a consumer on each jobs queue. */
async function untilConsumed(url: string, hosts: readonly { id: string }[], count: number): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const waiting = new Set(hosts.map(({ id }) => `fleetwall.host.${id}`));
  while (waiting.size > 0) {
    for (const queue of waiting) {
      const { consumerCount } = await channel.checkQueue(queue);
      if (consumerCount > 0) waiting.delete(queue);
    }
    if (waiting.size > 0) console.error(`${count - waiting.size} of ${count} consume again`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await connection.close();
}

/** The same messages without fleetwall: a job to each of so many queues, and three events from each of their consumers. */
async function bareSeconds(url: string, count: number): Promise<number> {
  const connections: ChannelModel[] = [];
  const open = async () => {
    const connection = await connect(url);
    connections.push(connection);
    return connection;
  };
  const client = await (await open()).createConfirmChannel();
  await client.assertExchange('bare.jobs', 'topic');
  await client.assertExchange('bare.events', 'topic');
  const { queue: log } = await client.assertQueue('bare.log', {
    durable: true,
    arguments: { 'x-queue-type': 'stream' },
  });
  await client.bindQueue(log, 'bare.events', '#');
  const { queue } = await client.assertQueue('', { exclusive: true });
  await client.bindQueue(queue, 'bare.events', '#');
  for (let index = 0; index < count; index += 1) {
    const channel = await (await open()).createConfirmChannel();
    const jobs = `bare.${index}`;
    await channel.assertQueue(jobs, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(jobs, 'bare.jobs', 'all');
    await channel.consume(jobs, async (message) => {
      if (message === null) return;
      for (const type of ['started', 'completed']) {
        const event = JSON.stringify({ type, index, text: 'x'.repeat(1_500) });
        channel.publish('bare.events', `${index}.${type}`, Buffer.from(event), { persistent: true });
      }
      await channel.waitForConfirms();
      channel.ack(message);
    });
  }
  let completed = 0;
  const all = new Promise<void>((resolve) => {
    const hear = (message: { fields: { routingKey: string } } | null) => {
      if (message?.fields.routingKey.endsWith('.completed') !== true) return;
      completed += 1;
      if (completed === count) resolve();
    };
    void client.consume(queue, hear, { noAck: true });
  });
  const seconds = await timed(async () => {
    client.publish('bare.jobs', 'all', Buffer.alloc(500, 'x'), { persistent: true });
    await client.waitForConfirms();
    await all;
  });
  for (let index = 0; index < count; index += 1) await client.deleteQueue(`bare.${index}`);
  await client.deleteQueue('bare.log');
  await Promise.all(connections.map(async (connection) => await connection.close()));
  return seconds;
}

function sayWithSeconds(): (what: string) => void {
  const began = performance.now();
  return (what) => console.error(`${((performance.now() - began) / 1000).toFixed(0)} s: ${what}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Of a process and its children that it has waited for, since it was started. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // utime and stime: fields 14 and 15, of which the third follows the name (proc(5)).
  const [user = '0', system = '0'] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11);
  return (Number(user) + Number(system)) / CLOCK_TICKS;
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** As an operator does it for a fleet of this size: a few at a time. RabbitMQ 3.10 makes some thirty quorum queues a second. */
async function provision(url: string, hostIds: readonly string[], group: string): Promise<void> {
  const connection = await connect(url);
  const waiting = [...hostIds];
  const work = async () => {
    for (let hostId = waiting.pop(); hostId !== undefined; hostId = waiting.pop()) {
      const topology = { hostId, groups: [group], leftGroups: [] };
      await ensureHostQueue(connection, jobsQueue(hostId, 'quorum'), topology);
      await ensureHostQueue(connection, controlQueue(hostId, 'quorum'), topology);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await connection.close();
}
