import { randomUUID } from 'node:crypto';
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { EVENT_LOG_STREAM, EVENTS_EXCHANGE } from '../contract/names.ts';
import type { Log } from '../job/ports/log.ts';
import { abortable } from './connection/abortable.ts';
import type { BrokerAccess } from './connection/broker-access.ts';
import { BrokerRefused, BrokerUnreachable } from './connection/broker-errors.ts';
import { BrokerConnection } from './connection/connection.ts';
import { openChannel } from './connection/open-channel.ts';
import { ACCESS_REFUSED, RESOURCE_LOCKED, replyCode } from './connection/reply-codes.ts';
import { type IncomingMessage, LiveSource, type Source, StreamSource, type StreamStart } from './sources.ts';
import { declareForOperators } from './topology.ts';

export interface OutgoingMessage {
  exchange: string;
  key: string;
  body: Buffer;
  contentType: string;
  messageId: string;
  headers?: Record<string, unknown>;
}

export interface LinkOptions {
  access: BrokerAccess;
  /** Shown in the broker's list of connections. */
  name: string;
  log: Log;
  /** Ends the attempt to connect. Once there is a connection, it has no effect. */
  signal?: AbortSignal | undefined;
}

const CONNECT_MS = 15_000;
const CONFIRM_MS = 15_000;
const RETRY_MS = 200;

/** The central side's connection. It publishes with confirms, and hears events; both go on when a lost connection is back. */
export class FleetLink {
  #connection: BrokerConnection | null = null;
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  readonly #sources = new Set<Source>();
  readonly #returned = new Set<string>();
  /** The error with which the broker closed a channel. */
  readonly #refusals = new WeakMap<ConfirmChannel, Error>();
  readonly #log: Log;
  #isClosed = false;

  private constructor(log: Log) {
    this.#log = log;
  }

  /** @throws {BrokerUnreachable} */
  static async connect({ access, name, log, signal }: LinkOptions): Promise<FleetLink> {
    signal?.throwIfAborted();
    const link = new FleetLink(log);
    let tooLate: NodeJS.Timeout | undefined;
    const opened = new Promise<void>((resolve, reject) => {
      tooLate = setTimeout(() => reject(new BrokerUnreachable('the broker does not answer')), CONNECT_MS);
      const opening = BrokerConnection.open({
        access,
        connectionName: name,
        log,
        setup: async (model) => {
          await link.#open(model);
          resolve();
        },
        onFailure: (address, error) => reject(new BrokerUnreachable(`${address}: ${error.message}`)),
      });
      opening.then((connection) => (link.#connection = connection), reject);
    });
    try {
      await abortable(opened, signal);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    } finally {
      clearTimeout(tooLate);
    }
  }

  /**
   * Publishes a message until the broker has confirmed it, also over a new connection. So it may arrive more than once, and must
   * be harmless then.
   *
   * @returns whether a queue is bound for it
   * @throws {BrokerRefused} if the user has no right to publish it
   * @throws {BrokerUnreachable} once this link is closed
   * @throws the abort reason of the signal
   */
  async publish(message: OutgoingMessage, signal?: AbortSignal): Promise<'routed' | 'unroutable'> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new BrokerUnreachable('the connection was closed');
      try {
        if (this.#channel !== null) return await abortable(this.#publishOn(this.#channel, message), signal);
      } catch (error) {
        if (replyCode(error) === ACCESS_REFUSED) throw refusedBy(error as Error, message);
        this.#log.debug({ error }, 'A message is published again');
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Hears events of these routing keys from now on. `onLost` is called when a lost connection is back: events may be missing. */
  async hear(
    keys: readonly string[],
    onMessage: (message: IncomingMessage) => void,
    onLost: () => void = () => {},
  ): Promise<() => Promise<void>> {
    return await this.#add(new LiveSource(EVENTS_EXCHANGE, keys, onMessage, onLost));
  }

  /** Reads the event log from `start` on, and then what comes: each event once, and in order. */
  async read(
    start: StreamStart,
    onMessage: (message: IncomingMessage) => void,
  ): Promise<() => Promise<void>> {
    return await this.#add(new StreamSource(EVENT_LOG_STREAM, start, onMessage));
  }

  /** Takes a name that only one connection can have, for as long as this one lives. @returns whether the name was free */
  async hold(name: string): Promise<boolean> {
    if (this.#model === null) return false;
    const channel = await openChannel(this.#model);
    try {
      await channel.assertQueue(name, { exclusive: true, durable: false });
      await channel.close();
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === RESOURCE_LOCKED) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection?.close();
  }

  async #add(source: Source): Promise<() => Promise<void>> {
    this.#sources.add(source);
    if (this.#model !== null) await source.open(this.#model);
    return async () => {
      this.#sources.delete(source);
      await source.close();
    };
  }

  async #open(model: ChannelModel): Promise<void> {
    await declareForOperators(model);
    const channel = await model.createConfirmChannel();
    // amqplib emits this before it fails the messages of the channel, so they can tell the reason.
    channel.on('error', (error: Error) => this.#refusals.set(channel, error));
    channel.on('return', ({ properties }: ConsumeMessage) =>
      this.#returned.add(String(properties.correlationId)),
    );
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      // The broker closes a channel at the first error, and leaves the connection open: make another channel.
      void this.#open(model).catch(() => {});
    });
    this.#channel = channel;
    if (this.#model === model) return;
    const isAgain = this.#model !== null;
    this.#model = model;
    for (const source of this.#sources) {
      await source.open(model);
      if (isAgain) source.lost();
    }
  }

  async #publishOn(channel: ConfirmChannel, message: OutgoingMessage): Promise<'routed' | 'unroutable'> {
    const { exchange, key, body, contentType, messageId, headers = {} } = message;
    const correlationId = randomUUID();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('the broker did not confirm a message in time')),
        CONFIRM_MS,
      );
      const properties = {
        persistent: true,
        mandatory: true,
        contentType,
        messageId,
        correlationId,
        headers,
      };
      channel.publish(exchange, key, body, properties, (error: unknown) => {
        clearTimeout(timer);
        if (error === null || error === undefined) resolve();
        else
          reject(
            this.#refusals.get(channel) ?? new Error('the broker did not take a message', { cause: error }),
          );
      });
    });
    return this.#returned.delete(correlationId) ? 'unroutable' : 'routed';
  }
}

function refusedBy(cause: Error, { exchange, key }: OutgoingMessage): BrokerRefused {
  return new BrokerRefused(
    `the broker does not let this user publish to ${exchange} with the routing key ${key}: ask for the rights of an operator (fleetwall provision --operator NAME)`,
    { cause },
  );
}
