import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Log } from '../../job/ports/log.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { abortable } from '../connection/abortable.ts';
import { BrokerRefused, BrokerUnreachable } from '../connection/broker-errors.ts';
import { isOpen, openConfirmChannel } from '../connection/open-channel.ts';
import { ACCESS_REFUSED, NOT_FOUND, replyCode } from '../connection/reply-codes.ts';
import { declareForOperators } from '../connection/topology.ts';
import { confirmed } from './publish-event.ts';
import { Renewal } from './renewal.ts';

export interface OutgoingMessage {
  exchange: string;
  key: string;
  body: Buffer;
  contentType: string;
  messageId: string;
  headers?: Record<string, unknown>;
}

/** Where a confirm takes so long, the channel may wait for a node that is gone: another one is tried, over another node. */
const CONFIRM_MS = 4_000;

/** Publishes the messages of the central side, on a channel that is made anew for each connection, and whenever the broker closes it. */
export class LinkPublisher {
  readonly #log: Log;
  #channel: ConfirmChannel | null = null;
  readonly #returned = new Set<string>();
  /** The error with which the broker closed a channel. */
  readonly #refusals = new WeakMap<ConfirmChannel, Error>();
  #isClosed = false;
  #model: ChannelModel | null = null;
  readonly #renewal = new Renewal();

  constructor(log: Log) {
    this.#log = log;
  }

  async open(model: ChannelModel): Promise<void> {
    const channel = await openConfirmChannel(model);
    // amqplib emits this before it fails the messages of the channel, so they can tell the reason.
    channel.on('error', (error: Error) => this.#refusals.set(channel, error));
    channel.on('return', ({ properties }: ConsumeMessage) =>
      this.#returned.add(String(properties.correlationId)),
    );
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      // The broker closes a channel at the first error, and leaves the connection open.
      if (isOpen(model)) void this.#reopenChannel(model, this.#refusals.get(channel));
    });
    this.#channel = channel;
    this.#model = model;
  }

  /** Nothing is published from now on. */
  close(): void {
    this.#isClosed = true;
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
    const pause = new BackOff();
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new BrokerUnreachable('the connection was closed');
      const channel = this.#channel;
      const model = this.#model;
      try {
        if (channel !== null) {
          const answer = await abortable(this.#publishOn(channel, message), signal);
          this.#renewal.end();
          return answer;
        }
      } catch (error) {
        if (replyCode(error) === ACCESS_REFUSED) throw refusedBy(error as Error, message);
        this.#log.debug({ error }, 'A message is published again');
        if (model !== null && channel !== null) this.#renewal.begin(model, channel);
      }
      await sleep(pause.next());
    }
  }

  async #reopenChannel(model: ChannelModel, reason: Error | undefined): Promise<void> {
    const pause = new BackOff();
    while (isOpen(model) && !this.#isClosed && this.#channel === null) {
      try {
        if (replyCode(reason) === NOT_FOUND) await declareForOperators(model);
        await this.open(model);
      } catch (error) {
        this.#log.debug({ error }, 'Cannot open a channel yet: it is tried again');
        await sleep(pause.next(), undefined, { ref: false });
      }
    }
  }

  async #publishOn(channel: ConfirmChannel, message: OutgoingMessage): Promise<'routed' | 'unroutable'> {
    const { exchange, key, body, contentType, messageId, headers = {} } = message;
    const correlationId = randomUUID();
    const properties = { persistent: true, mandatory: true, contentType, messageId, correlationId, headers };
    try {
      await confirmed(CONFIRM_MS, (done) => channel.publish(exchange, key, body, properties, done));
    } catch (error) {
      throw this.#refusals.get(channel) ?? error;
    }
    return this.#returned.delete(correlationId) ? 'unroutable' : 'routed';
  }
}

function refusedBy(cause: Error, { exchange, key }: OutgoingMessage): BrokerRefused {
  return new BrokerRefused(
    `the broker does not let this user publish to ${exchange} with the routing key ${key}: ask for the rights of an operator (fleetwall provision --operator NAME)`,
    { cause },
  );
}
