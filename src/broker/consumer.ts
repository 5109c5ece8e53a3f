import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { BackOff } from '../job/time/back-off.ts';
import {
  beginConsuming,
  type Consuming,
  drainQueue,
  openReceiving,
  type Receiving,
} from './begin-consuming.ts';
import type { Lacks } from './connection/lacks.ts';
import { onOwnChannel } from './connection/on-channel.ts';
import { closeChannel } from './connection/open-channel.ts';
import { NOT_FOUND, RESOURCE_LOCKED, replyCode } from './connection/reply-codes.ts';
import { isOpen } from './connection/socket.ts';
import { isConsumedElsewhere } from './consumed-elsewhere.ts';
import { giveBack, type HandOnOptions, handOn, type Received } from './hand-on.ts';
import { Try } from './try.ts';

export interface ConsumerOptions extends HandOnOptions {
  /** How many messages may be in hand at once. */
  prefetch: number;
  /** Whether what waits is taken before the queue is consumed, and {@link QueueConsumer.drained} tells when. */
  drainsFirst?: boolean;
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
}

/**
 * How long is waited for what waits in a queue that cannot be drained, in milliseconds: a quorum queue with a single active consumer lets
 * nobody take a message without consuming (405, seen with RabbitMQ 3.10).
 */
const HEAR_MS = 1_000;
/** How long a message that could not be dealt with stays here before it goes back to its queue, in milliseconds. */
const RETURN_MS = 2_000;

/**
 * Consumes one queue exclusively for as long as it is not stopped. Over each connection it is tried until it succeeds, with growing pauses,
 * and again when the channel closes or the broker cancels the consumer.
 */
export class QueueConsumer {
  readonly #options: ConsumerOptions;
  readonly #what: string;
  readonly #inHand = new Set<Promise<unknown>>();
  #model: ChannelModel | null = null;
  #current: Consuming | null = null;
  #stopped = false;
  #drained = new Try();

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#what = `the queue ${options.queue}`;
  }

  /** Whether messages would come, as far as is known here. */
  get isConsuming(): boolean {
    return !this.#stopped && this.#current !== null;
  }

  /** Resolves once all that waited as this connection was opened has been dealt with, or when the next try to has failed. */
  get drained(): Promise<void> {
    return this.#drained.over;
  }

  /** Consumes over this connection for as long as it lasts; returns at once. */
  open(model: ChannelModel): void {
    if (this.#stopped || this.#model === model) return;
    this.#model = model;
    this.#drained = new Try();
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
        const current = await this.#consume(model);
        // Nobody would take what comes: it would go back and come again, over and over.
        if (this.#stopped) return closeChannel(current.channel);
        this.#current = current;
        log.info({ queue }, 'Consuming');
        lacks.end(this.#what);
        onConsuming?.();
        isMissing = false;
        pause.reset();
        const reason = await current.closed;
        this.#current = null;
        if (this.#isWanted(model)) lacks.begin(this.#what, reason ?? 'the broker has ended the consumer');
      } catch (error) {
        if (!this.#isWanted(model)) return;
        this.#drained.end();
        this.#drained = new Try();
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
    const { queue, prefetch, drainsFirst } = this.#options;
    const drained = this.#drained;
    const opened = await openReceiving(model);
    const isDrained = drainsFirst !== true || (await this.#drain(opened));
    if (isDrained) drained.end();
    const receiving = isDrained ? opened : await openReceiving(model);
    const consuming = await beginConsuming(receiving, queue, prefetch, (received) => {
      void this.#track(this.#takeOrGiveBack(received));
    });
    if (!isDrained) setTimeout(drained.end, HEAR_MS).unref();
    return consuming;
  }

  /**
   * @returns whether all that waited was taken; `false`: it has to be consumed for that
   * @throws {Error} if the queue cannot be had
   */
  async #drain(receiving: Receiving): Promise<boolean> {
    try {
      await drainQueue(receiving, this.#options.queue, async (received) => {
        const isAnswered = await this.#track(this.#handOn(received));
        // Those that wait behind it do not wait until it comes again.
        if (!isAnswered) void this.#track(this.#giveBack(received));
        return !this.#stopped;
      });
      return true;
    } catch (error) {
      if (replyCode(error) !== RESOURCE_LOCKED) throw error;
      return false;
    }
  }

  async #takeOrGiveBack(received: Received): Promise<void> {
    if (!(await this.#handOn(received))) await this.#giveBack(received);
  }

  /** As {@link handOn}; whoever has been told to stop takes nothing more. */
  async #handOn(received: Received): Promise<boolean> {
    return !this.#stopped && (await handOn(received, this.#options));
  }

  async #giveBack(received: Received): Promise<void> {
    await giveBack(received, this.#stopped ? 0 : RETURN_MS);
  }

  /** Has it in hand until it is over. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#inHand.add(work);
    return await work.finally(() => this.#inHand.delete(work));
  }
}
