import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect, type Options } from 'amqplib';
import { FleetEvent, type JobCompletedEvent } from '../../src/contract/events/event.ts';
import { CONTROL_EXCHANGE, EVENTS_EXCHANGE, hostKey, JOBS_EXCHANGE } from '../../src/contract/words/names.ts';

export interface HeardEvent {
  event: FleetEvent;
  key: string;
  message: ConsumeMessage;
}

const ANSWER_MS = 60_000;

/** Publishes jobs, and hears every event from the moment that it is connected. Each event is validated as it comes. */
export class TestClient {
  readonly heard: HeardEvent[] = [];
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;

  private constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  static async connect(url: string): Promise<TestClient> {
    const connection = await connect(url);
    // That it is lost shows in what is waited for; without a listener, it would end the whole run.
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true });
    await channel.assertExchange(JOBS_EXCHANGE, 'topic', { durable: true });
    await channel.assertExchange(CONTROL_EXCHANGE, 'topic', { durable: true });
    const client = new TestClient(connection, channel);
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, EVENTS_EXCHANGE, '#');
    await channel.consume(queue, (message) => client.#hear(message), { noAck: true });
    return client;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Publishes a job with these fields to one host, and waits for its end. */
  async run(hostId: string, fields: object): Promise<JobCompletedEvent> {
    const job = makeJob(hostId, fields);
    await this.publish(hostId, job);
    return await this.completed(job.id);
  }

  async publish(
    hostId: string,
    body: object | Buffer,
    options: Options.Publish = {},
    exchange = JOBS_EXCHANGE,
  ): Promise<void> {
    const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const properties = { mandatory: true, persistent: true, contentType: 'application/json', ...options };
    if (!Buffer.isBuffer(body) && 'id' in body) properties.messageId ??= String(body.id);
    this.#channel.publish(exchange, hostKey(hostId), content, properties);
    await this.#channel.waitForConfirms();
  }

  /** Waits for the `count`-th end of a job. */
  async completed(jobId: string, count = 1): Promise<JobCompletedEvent> {
    const ends = () => this.completions(jobId);
    await this.#until(() => ends().length >= count, `end ${count} of job ${jobId}`);
    return ends()[count - 1] as JobCompletedEvent;
  }

  completions(jobId: string): JobCompletedEvent[] {
    const events = this.heard.map(({ event }) => event);
    return events
      .filter((event) => event.type === 'fleetwall.job.completed')
      .filter((event) => event.subject === jobId);
  }

  /** Waits for an event of this type from the host: the first one from index `since` of all that were heard. */
  async event(hostId: string, type: FleetEvent['type'], since = 0): Promise<HeardEvent> {
    const find = () =>
      this.heard.slice(since).find(({ event }) => event.type === type && event.data.hostId === hostId);
    await this.#until(() => find() !== undefined, `${type} of ${hostId}`);
    return find() as HeardEvent;
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + ANSWER_MS;
    while (!done()) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await sleep(10);
    }
  }

  #hear(message: ConsumeMessage | null): void {
    if (message === null) return;
    const event = FleetEvent.parse(JSON.parse(message.content.toString('utf8')));
    this.heard.push({ event, key: message.fields.routingKey, message });
  }
}

/** A job in the form of the contract; `fields` replace its defaults. */
export function makeJob(hostId: string, fields: object): { id: string } & Record<string, unknown> {
  return {
    apiVersion: 'fleetwall/v1',
    id: randomUUID(),
    action: 'apply',
    issuedAt: new Date().toISOString(),
    target: { hosts: [hostId] },
    confirm: { mode: 'none' },
    ...fields,
  };
}
