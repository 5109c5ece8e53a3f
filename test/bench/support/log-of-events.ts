import { type ConfirmChannel, connect } from 'amqplib';
import { FleetClient } from '../../../src/central/fleet-client.ts';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { EVENTS_EXCHANGE, eventKey } from '../../../src/contract/words/names.ts';
import { jobEventOf, workerEventOf } from '../../support/example-events.ts';

const GROUPS = 20;
/** One in so many events is the end of a job; one in so many of these a failure. The rest is heartbeats. */
const JOB_EVERY = 20;
const FAILED_EVERY = 5;
const CONFIRM_EVERY = 2_000;
const RULESETS = [
  { name: 'edge', revision: 7, digest: `sha256:${'5e'.repeat(32)}`, scope: 'chains' as const, inSync: true },
];

/** The events of many hosts, published to a broker as fast as it takes them, or at a pace. */
export class LogOfEvents {
  readonly #channel: ConfirmChannel;
  readonly #hosts: number;
  readonly close: () => Promise<void>;
  #number = 0;

  private constructor(channel: ConfirmChannel, hosts: number, close: () => Promise<void>) {
    this.#channel = channel;
    this.#hosts = hosts;
    this.close = close;
  }

  static async open(url: string, hosts: number): Promise<LogOfEvents> {
    // It makes what has to be on the broker.
    await (await FleetClient.connect({ url })).close();
    const model = await connect(url);
    return new LogOfEvents(await model.createConfirmChannel(), hosts, async () => await model.close());
  }

  /** @param spanMs the time that they tell of, up to now */
  async publish(count: number, spanMs: number): Promise<void> {
    const start = Date.now() - spanMs;
    for (let index = 0; index < count; index += 1) {
      this.#say(new Date(start + (index / count) * spanMs));
      if (index % CONFIRM_EVERY === CONFIRM_EVERY - 1) await this.#channel.waitForConfirms();
    }
    await this.#channel.waitForConfirms();
  }

  /** So many at once, now. */
  say(count: number): void {
    for (let index = 0; index < count; index += 1) this.#say(new Date());
  }

  #say(time: Date): void {
    const number = this.#number;
    this.#number += 1;
    const event = { ...this.#eventOf(number), time: time.toISOString() } as FleetEvent;
    const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
    const key = eventKey(event.data.hostId, event.type, outcome);
    this.#channel.publish(EVENTS_EXCHANGE, key, Buffer.from(JSON.stringify(event)));
  }

  #eventOf(number: number): FleetEvent {
    const index = number % this.#hosts;
    const host = `host-${index}`;
    if (number >= this.#hosts && number % JOB_EVERY === 1) {
      const id = `1b0f6a53-5c7e-4f5b-8a51-${String(number).padStart(12, '0')}`;
      const isFailed = (number / JOB_EVERY) % FAILED_EVERY < 1;
      return jobEventOf(host, { id, action: 'apply' }, isFailed ? 'failed rule_rejected' : 'applied');
    }
    const type = number < this.#hosts ? 'fleetwall.worker.online' : 'fleetwall.worker.heartbeat';
    const event = workerEventOf(host, [`group-${index % GROUPS}`], type);
    return { ...event, data: { ...event.data, rulesets: RULESETS } } as FleetEvent;
  }
}
