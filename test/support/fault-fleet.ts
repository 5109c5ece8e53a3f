import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { FleetEvent, type JobCompletedEvent } from '../../src/contract/events/event.ts';
import { EVENT_LOG_STREAM, hostKey, JOBS_EXCHANGE } from '../../src/contract/words/names.ts';
import { makeJob, TestClient } from './client.ts';
import { FaultProxy } from './fault-proxy.ts';
import { TestHost } from './host.ts';
import { BACKENDS } from './namespace.ts';
import { Rabbitmq } from './rabbitmq.ts';

export interface PushedJob {
  id: string;
  host: TestHost;
  name: string;
  revision: number;
  body: Buffer;
}

export interface FaultCount {
  jobs: number;
  /** How many jobs have exactly one end, under one event id. */
  ended: number;
  /** How many jobs were run to an end more than once. */
  runTwice: number;
  /** How often an event was published again under the same id. */
  repeated: number;
  outcomes: Record<string, number>;
  /** How many hosts have the newest revision of each ruleset live. */
  newestLive: number;
}

const HOSTS = 3;
/** How many rulesets each host has: enough that not all jobs are superseded. */
const RULESETS = 6;
const PUSH_EVERY_MS = 15;
const PUSH_AGAIN_MS = 8_000;
const END_MS = 240_000;

/** Three hosts behind a proxy, with a broker of their own, which may be harmed. */
export class FaultFleet {
  readonly broker: Rabbitmq;
  readonly proxy: FaultProxy;
  readonly hosts: TestHost[];
  #revision = 0;

  private constructor(broker: Rabbitmq, proxy: FaultProxy, hosts: TestHost[]) {
    this.broker = broker;
    this.proxy = proxy;
    this.hosts = hosts;
  }

  static async start(): Promise<FaultFleet> {
    const broker = await Rabbitmq.start();
    const proxy = await FaultProxy.start(broker.url);
    const client = await TestClient.connect(broker.url);
    const hosts: TestHost[] = [];
    for (let index = 0; index < HOSTS; index += 1) {
      const backend = BACKENDS[index % BACKENDS.length] ?? 'nft';
      const environment = { FLEETWALL_QUEUE_TYPE: 'quorum' };
      const host = await TestHost.create({ brokerUrl: proxy.url, client, backend, environment });
      await host.start();
      hosts.push(host);
    }
    await client.close();
    return new FaultFleet(broker, proxy, hosts);
  }

  /** Pushes `count` jobs, harms the broker meanwhile, and counts after every job has ended. */
  async endure(count: number, harm: () => Promise<void>): Promise<FaultCount> {
    const jobs = Array.from({ length: count }, (_, index) => this.#makeJob(index));
    const pusher = new StubbornPusher(this.broker.url);
    const harming = sleep((count * PUSH_EVERY_MS) / 3).then(harm);
    for (const job of jobs) {
      await pusher.push(job);
      await sleep(PUSH_EVERY_MS);
    }
    await harming;
    const events = await this.#untilEnded(jobs, pusher);
    await pusher.close();
    return await this.#count(jobs, events);
  }

  async stop(): Promise<void> {
    for (const host of this.hosts) await host.remove();
    this.proxy.stop();
    await this.broker.stop();
  }

  #makeJob(index: number): PushedJob {
    const host = this.hosts[index % HOSTS] as TestHost;
    this.#revision += 1;
    const revision = this.#revision;
    const name = `edge-${Math.floor(index / HOSTS) % RULESETS}`;
    const ipv4 = `*filter\n:${name} - [0:0]\n-A INPUT -j ${name}\n-A ${name} -m comment --comment ${name}.r${revision}. -j RETURN\nCOMMIT\n`;
    const job = makeJob(host.id, { ruleset: { name, revision, ipv4 } });
    return { id: job.id, host, name, revision, body: Buffer.from(JSON.stringify(job)) };
  }

  /** Pushes jobs that have no end after a while again under the same id, as a client does. */
  async #untilEnded(jobs: PushedJob[], pusher: StubbornPusher): Promise<JobCompletedEvent[]> {
    const deadline = Date.now() + END_MS;
    let pushedAt = Date.now();
    for (;;) {
      const events = await this.#readEvents();
      if (events === null) {
        await sleep(500);
        continue;
      }
      const left = jobs.filter(({ id }) => !events.some((event) => event.subject === id));
      if (left.length === 0) {
        // Leaves time for events that are published twice.
        await sleep(3_000);
        return (await this.#readEvents()) ?? events;
      }
      if (Date.now() > deadline) throw new Error(`${left.length} of ${jobs.length} jobs have no end`);
      if (Date.now() - pushedAt > PUSH_AGAIN_MS) {
        for (const job of left) await pusher.push(job);
        pushedAt = Date.now();
      }
      await sleep(500);
    }
  }

  /** Reads the ends of jobs from the whole event log; `null` if the broker does not let it. */
  async #readEvents(): Promise<JobCompletedEvent[] | null> {
    let connection: ChannelModel | null = null;
    try {
      connection = await connect(this.broker.url);
      connection.on('error', () => {});
      const channel = await connection.createChannel();
      await channel.prefetch(1_000);
      const events: JobCompletedEvent[] = [];
      let last = Date.now();
      await channel.consume(
        EVENT_LOG_STREAM,
        (message) => {
          if (message === null) return;
          last = Date.now();
          const event = FleetEvent.parse(JSON.parse(message.content.toString()));
          if (event.type === 'fleetwall.job.completed') events.push(event);
          channel.ack(message);
        },
        { arguments: { 'x-stream-offset': 'first' } },
      );
      while (Date.now() - last < 400) await sleep(50);
      return events;
    } catch {
      // The broker is being harmed at this moment.
      return null;
    } finally {
      await connection?.close().catch(() => {});
    }
  }

  async #count(jobs: PushedJob[], events: JobCompletedEvent[]): Promise<FaultCount> {
    const runs = new Map<string, number>();
    for (const host of this.hosts) {
      for (const [, id = ''] of (await host.log()).matchAll(/"jobId":"([^"]+)"[^\n]*"msg":"Job ended"/g)) {
        runs.set(id, (runs.get(id) ?? 0) + 1);
      }
    }
    const outcomes: Record<string, number> = {};
    let ended = 0;
    let repeated = 0;
    for (const { id } of jobs) {
      const own = events.filter((event) => event.subject === id);
      if (new Set(own.map((event) => event.id)).size === 1) ended += 1;
      repeated += own.length - 1;
      const outcome = own[0]?.data.outcome ?? 'none';
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    let newestLive = 0;
    for (const host of this.hosts) {
      const live = await host.namespace.save();
      const newest = new Map<string, number>();
      for (const job of jobs) if (job.host === host) newest.set(job.name, job.revision);
      if ([...newest].every(([name, revision]) => live.includes(`${name}.r${revision}.`))) newestLive += 1;
    }
    const runTwice = jobs.filter(({ id }) => (runs.get(id) ?? 0) > 1).length;
    return { jobs: jobs.length, ended, runTwice, repeated, outcomes, newestLive };
  }
}

/** Publishes a message until the broker has confirmed it, over as many connections as needed. */
class StubbornPusher {
  readonly #url: string;
  #connection: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  #returned = false;

  constructor(url: string) {
    this.#url = url;
  }

  async push({ id, host, body }: PushedJob): Promise<void> {
    for (;;) {
      try {
        const channel = await this.#open();
        this.#returned = false;
        const properties = {
          mandatory: true,
          persistent: true,
          contentType: 'application/json',
          messageId: id,
        };
        channel.publish(JOBS_EXCHANGE, hostKey(host.id), body, properties);
        await channel.waitForConfirms();
        if (!this.#returned) return;
      } catch {
        this.#channel = null;
      }
      await sleep(300);
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close().catch(() => {});
  }

  async #open(): Promise<ConfirmChannel> {
    if (this.#channel !== null) return this.#channel;
    await this.#connection?.close().catch(() => {});
    this.#connection = await connect(this.#url, { timeout: 5_000 });
    this.#connection.on('error', () => {});
    const channel = await this.#connection.createConfirmChannel();
    channel
      .on('error', () => {})
      .on('close', () => {
        this.#channel = null;
      });
    channel.on('return', () => {
      this.#returned = true;
    });
    this.#channel = channel;
    return channel;
  }
}
