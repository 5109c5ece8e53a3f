import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { BackOff } from '../../job/time/back-off.ts';
import { OneAtATime } from '../../job/time/one-at-a-time.ts';
import { NOT_FOUND, replyCode } from '../connection/reply-codes.ts';
import { isOpen } from '../connection/socket.ts';
import { ApartChannels } from './apart-channels.ts';
import { ConnectionRenewal } from './connection-renewal.ts';
import { limitAfter } from './limit-after.ts';
import {
  type ConfirmLimit,
  OPEN_MS,
  type OutgoingMessage,
  PublishChannel,
  type Routed,
} from './publish-channel.ts';
import { NoConfirm, NotEncodable, PublishFailed } from './publish-failed.ts';

export interface PublisherOptions {
  /** Declares again what is published to, as it is gone from the broker. */
  restore: (model: ChannelModel) => Promise<void>;
  /** Called when the channel was closed, or cannot be opened anew yet. */
  onTrouble?: (error: unknown) => void;
  /** Whether messages arrive in the order in which they were published, also while each has a channel of its own. */
  inOrder: boolean;
  /** For how long nothing is confirmed before another node is tried, in milliseconds since the first failure. */
  leaveMs: number;
}

export interface PublishOptions extends Pick<ConfirmLimit, 'lastSignMs'> {
  /** How often it was not confirmed before. From once on, it gets a channel of its own. */
  failures?: number;
  /** Whether it is still to be published, when its turn comes. */
  isWanted?: () => boolean;
}

/** Where a confirm takes so long, the channel waits for a queue that cannot be had now. */
const CONFIRM_MS = 3_000;
/** How long messages have channels of their own after one was not confirmed. */
const APART_MS = 60_000;

/**
 * Publishes messages on one channel, which is made anew for each connection, and whenever the broker closes it.
 *
 * In a cluster, a channel can be spoilt for a queue or stream that has lost its leader, and so for all that is published behind a
 * message for it: it waits for the node that is gone, or refuses, although there is a leader again, and a new channel reaches that one
 * (seen with RabbitMQ 3.10; after a node hung, even with each new channel for one message only). So while messages are not confirmed,
 * none is published behind another: each has a channel of its own, or that of one that was confirmed. Where that does not help for long,
 * another node is tried.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #renewal: ConnectionRenewal;
  #model: ChannelModel | null = null;
  #channel: PublishChannel | null = null;
  #isClosed = false;
  /** Ends the time in which each message has a channel of its own; `null`: that is not now. */
  #apart: NodeJS.Timeout | null = null;
  readonly #alone: ApartChannels;
  readonly #line = new OneAtATime();
  #failuresInLine = 0;
  /** How often, one after the other, a message of the line was not confirmed. */
  #failuresInRow = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#renewal = new ConnectionRenewal(options.leaveMs);
    this.#alone = new ApartChannels(() => options.inOrder && this.#apart !== null);
  }

  /** The connection, while there is a channel. */
  get model(): ChannelModel | null {
    return this.#channel === null ? null : this.#model;
  }

  async open(model: ChannelModel): Promise<void> {
    this.#model = model;
    this.#endApart();
    await this.#openChannel(model);
  }

  /** No channel is opened any more. */
  close(): void {
    this.#isClosed = true;
    this.#endApart();
  }

  /**
   * Tries once. In doubt, the message may have arrived.
   *
   * @throws {NotEncodable}; {PublishFailed} if it was not confirmed
   * @throws {Error} with which the broker refused it
   */
  async publish(
    message: OutgoingMessage,
    { failures: before = 0, isWanted: isAsked = () => true, lastSignMs }: PublishOptions = {},
  ): Promise<Routed> {
    const isWanted = () => !this.#isClosed && isAsked();
    const [model, channel] = [this.#model, this.#channel];
    if (model === null || channel === null) throw new PublishFailed('there is no connection to the broker');
    if (before === 0 && this.#apart === null)
      return await this.#publishOn(model, channel, message, lastSignMs);
    if (!this.#options.inOrder) {
      const limit = { limitMs: limitAfter(before), lastSignMs };
      return await this.#publishAlone(model, message, isWanted, limit);
    }
    const failures = this.#failuresInLine;
    return await this.#line.run(async () => {
      // Else a line of hundreds would stand behind each that waits for its confirm.
      if (failures !== this.#failuresInLine) throw new PublishFailed('what was before it was not confirmed');
      try {
        const limit = { limitMs: limitAfter(this.#failuresInRow) };
        const routed = await this.#publishAlone(model, message, isWanted, limit);
        this.#failuresInRow = 0;
        return routed;
      } catch (error) {
        if (error instanceof NotEncodable) throw error;
        this.#failuresInLine += 1;
        this.#failuresInRow += 1;
        throw error;
      }
    });
  }

  async #publishOn(
    model: ChannelModel,
    channel: PublishChannel,
    message: OutgoingMessage,
    lastSignMs: ConfirmLimit['lastSignMs'],
  ): Promise<Routed> {
    const endWatch = this.#renewal.watch(model);
    try {
      const onLate = () => this.#renewal.noteConfirm();
      const routed = await channel.publish(message, { limitMs: CONFIRM_MS, lastSignMs, onLate });
      endWatch();
      this.#renewal.noteConfirm();
      return routed;
    } catch (error) {
      if (error instanceof NotEncodable) endWatch();
      else if (error instanceof NoConfirm || this.#options.inOrder) this.#beginApart();
      this.#noteFailure(error);
      throw error;
    }
  }

  async #publishAlone(...asked: Parameters<ApartChannels['publish']>): Promise<Routed> {
    try {
      const routed = await this.#alone.publish(...asked);
      this.#renewal.noteConfirm();
      return routed;
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
  }

  #beginApart(): void {
    this.#apart ??= setTimeout(() => void this.#renewChannel(), APART_MS).unref();
  }

  #endApart(): void {
    clearTimeout(this.#apart ?? undefined);
    this.#apart = null;
    this.#alone.forget();
  }

  /** A channel that was spoilt is not used again. */
  async #renewChannel(): Promise<void> {
    this.#endApart();
    const spoilt = this.#channel;
    const model = this.#model;
    if (spoilt === null || model === null || !this.#isCurrent(model)) return;
    try {
      await this.#openChannel(model);
      spoilt.close();
    } catch (error) {
      this.#noteFailure(error);
      this.#beginApart();
    }
  }

  #noteFailure(error: unknown): void {
    if (this.#model !== null && !(error instanceof NotEncodable))
      this.#renewal.noteFailure(this.#model, error);
  }

  async #openChannel(model: ChannelModel): Promise<void> {
    const channel = await PublishChannel.openWithin(OPEN_MS, model);
    channel.onClosed((refusal) => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      // The broker closes a channel at the first error, such as an exchange that is gone. The connection stays open.
      if (this.#isCurrent(model)) void this.#reopen(model, refusal);
    });
    this.#channel = channel;
  }

  #isCurrent(model: ChannelModel): boolean {
    return !this.#isClosed && this.#model === model && isOpen(model);
  }

  /** Tries for as long as the connection lasts: what was refused once, or does not answer, may be had later. */
  async #reopen(model: ChannelModel, refusal: Error | undefined): Promise<void> {
    const { restore, onTrouble } = this.#options;
    const pause = new BackOff();
    if (refusal !== undefined) onTrouble?.(refusal);
    while (this.#isCurrent(model) && this.#channel === null) {
      try {
        // Where it may not be declared here, somebody else has to; a message shows whether it is there.
        if (replyCode(refusal) === NOT_FOUND)
          await restore(model).catch((error: unknown) => onTrouble?.(error));
        if (this.#isCurrent(model)) await this.#openChannel(model);
      } catch (error) {
        onTrouble?.(error);
        this.#noteFailure(error);
        await sleep(pause.next(), undefined, { ref: false });
      }
    }
  }
}
