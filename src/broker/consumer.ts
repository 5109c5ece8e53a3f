import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { WindowLeft } from '../job/ports/confirmation.ts';
import { type Delivery, type Disposition, NotBegun, NotTold } from '../job/ports/delivery.ts';
import type { Log } from '../job/ports/log.ts';
import { BackOff } from '../job/time/back-off.ts';
import { beginConsuming, type Consuming } from './begin-consuming.ts';
import type { Lacks } from './connection/lacks.ts';
import { onOwnChannel } from './connection/on-channel.ts';
import { closeChannel } from './connection/open-channel.ts';
import { NOT_FOUND, replyCode } from './connection/reply-codes.ts';
import { isOpen } from './connection/socket.ts';
import { isConsumedElsewhere } from './consumed-elsewhere.ts';
import { deliveryOf } from './delivery-of.ts';

export interface ConsumerOptions {
  queue: string;
  /** How many messages may be in hand at once. */
  prefetch: number;
  /** Returns what is to become of the message; a throw leaves it to be delivered again. */
  handle: (delivery: Delivery) => Promise<Disposition>;
  /**
   * Called before each try to consume.
   *
   * @param isMissing whether the queue was not there at the last try
   * @throws {Error} if it is to be tried again later
   */
  prepare: (model: ChannelModel, isMissing: boolean) => Promise<void>;
  /** Nothing is consumed before it has resolved. */
  ready?: Promise<void>;
  /** Called each time that consuming begins, anew after a loss. */
  onConsuming?: () => void;
  lacks: Lacks;
  log: Log;
}

/** How long a message that could not be dealt with stays here before it goes back to its queue, in milliseconds. */
const RETURN_MS = 2_000;

/**
 * Consumes one queue exclusively for as long as it is not stopped. Only here messages are acknowledged. Over each connection it is tried
 * until it succeeds, with growing pauses, and again when the channel closes or the broker cancels the consumer.
 */
export class QueueConsumer {
  readonly #options: ConsumerOptions;
  readonly #what: string;
  readonly #inHand = new Set<Promise<void>>();
  #model: ChannelModel | null = null;
  #current: Consuming | null = null;
  #stopped = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#what = `the queue ${options.queue}`;
  }

  /** Whether messages would come, as far as is known here. */
  get isConsuming(): boolean {
    return !this.#stopped && this.#current !== null;
  }

  /** Whether no message is in hand. */
  get isIdle(): boolean {
    return this.#inHand.size === 0;
  }

  /** Consumes over this connection for as long as it lasts; returns at once. */
  open(model: ChannelModel): void {
    if (this.#stopped || this.#model === model) return;
    this.#model = model;
    void this.#keepConsuming(model);
  }

  /**
   * Asks the broker who consumes the queue, and begins anew if it is not consumed here: to be connected is not enough.
   *
   * @returns how many consumers it has; `null` if that cannot be seen
   */
  async check(): Promise<number | null> {
    const current = this.#current;
    const model = this.#model;
    const { queue, log } = this.#options;
    if (current === null || model === null || this.#stopped) return null;
    try {
      const { consumerCount } = await onOwnChannel(model, (channel) => channel.checkQueue(queue));
      if (consumerCount > 0) return consumerCount;
      log.warn({ queue }, 'The broker knows of no consumer here');
      closeChannel(current.channel);
    } catch (error) {
      log.debug({ queue, error }, 'Cannot see whether messages would come');
    }
    return null;
  }

  /** Gives the queue up, and begins anew from `prepare`. */
  restart(): void {
    if (this.#current !== null) closeChannel(this.#current.channel);
  }

  /** Takes no more messages; resolves once those in hand are done with. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const current = this.#current;
    if (current !== null) await current.channel.cancel(current.tag).catch(() => {});
    await Promise.all(this.#inHand);
  }

  #isWanted(model: ChannelModel): boolean {
    return !this.#stopped && this.#model === model && isOpen(model);
  }

  async #keepConsuming(model: ChannelModel): Promise<void> {
    const { queue, prepare, ready, onConsuming, lacks, log } = this.#options;
    const pause = new BackOff();
    let isMissing = false;
    while (this.#isWanted(model)) {
      try {
        await prepare(model, isMissing);
        await ready;
        if (!this.#isWanted(model)) return;
        this.#current = await this.#consume(model);
        log.info({ queue }, 'Consuming');
        lacks.end(this.#what);
        onConsuming?.();
        isMissing = false;
        pause.reset();
        const reason = await this.#current.closed;
        this.#current = null;
        if (this.#isWanted(model)) lacks.begin(this.#what, reason ?? 'the broker has ended the consumer');
      } catch (error) {
        if (!this.#isWanted(model)) return;
        this.#noteLack(error);
        const wasMissing = isMissing;
        isMissing = replyCode(error) === NOT_FOUND;
        // It is made at once; but not over and over, where it seems to be missing because its node is down.
        if (isMissing && !wasMissing) continue;
      }
      await sleep(pause.next(), undefined, { ref: false });
    }
  }

  #noteLack(error: unknown): void {
    const { queue, lacks, log } = this.#options;
    if (isConsumedElsewhere(error) && lacks.reason(this.#what) === null) {
      log.error(
        { queue, error },
        'Another worker consumes this queue: two hosts must not have the same host id',
      );
    }
    lacks.begin(this.#what, error);
    log.debug({ queue, error }, 'Cannot consume yet: it is tried again');
  }

  async #consume(model: ChannelModel): Promise<Consuming> {
    const { queue, prefetch } = this.#options;
    return await beginConsuming(model, queue, prefetch, (channel, gone, message) =>
      this.#receive(channel, gone, message),
    );
  }

  #receive(channel: Channel, gone: AbortSignal, message: ConsumeMessage): void {
    const done = this.#handle(channel, gone, message).finally(() => this.#inHand.delete(done));
    this.#inHand.add(done);
  }

  async #handle(channel: Channel, gone: AbortSignal, message: ConsumeMessage): Promise<void> {
    const { handle, log, queue } = this.#options;
    if (this.#stopped) {
      unlessClosed(() => channel.nack(message, false, true));
      return;
    }
    try {
      const disposition = await handle(deliveryOf(message, gone));
      unlessClosed(() =>
        disposition === 'acknowledge' ? channel.ack(message) : channel.reject(message, false),
      );
    } catch (error) {
      if (error instanceof NotBegun || error instanceof NotTold || error instanceof WindowLeft)
        log.debug({ queue, error }, 'A message goes back to its queue');
      else log.warn({ queue, error }, 'A message could not be dealt with now, and goes back to its queue');
      await sleep(this.#stopped || gone.aborted ? 0 : RETURN_MS);
      unlessClosed(() => channel.nack(message, false, true));
    }
  }
}

/** On a channel that has closed, a message needs no answer: it will come again. */
function unlessClosed(answer: () => void): void {
  try {
    answer();
  } catch {
    // IllegalOperationError: the channel closed meanwhile.
  }
}
