import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import {
  type ConfirmLimit,
  OPEN_MS,
  type OutgoingMessage,
  PublishChannel,
  type Routed,
} from './publish-channel.ts';
import { PublishFailed } from './publish-failed.ts';

/** So many channels for single messages at a time. */
const MOST_AT_ONCE = 100;
const LOOK_MS = 100;

/** Publishes messages apart from each other: none on a channel on which another waits for its confirm. */
export class ApartChannels {
  readonly #isKept: () => boolean;
  #inUse = 0;
  /** The channel of the last message, if that was confirmed. */
  #spare: PublishChannel | null = null;

  /** @param isKept whether the next message goes to the same queues, so that a channel with a confirm is good for it, too */
  constructor(isKept: () => boolean) {
    this.#isKept = isKept;
  }

  /**
   * Tries once.
   *
   * @throws {PublishFailed} if it was not confirmed, or is not wanted any more when its turn comes
   * @throws {Error} with which the broker refused it
   */
  async publish(
    model: ChannelModel,
    message: OutgoingMessage,
    isWanted: () => boolean,
    limit: ConfirmLimit,
  ): Promise<Routed> {
    while (this.#inUse >= MOST_AT_ONCE && isWanted()) await sleep(LOOK_MS);
    if (!isWanted()) throw new PublishFailed('it is not to be published any more');
    this.#inUse += 1;
    try {
      const channel = this.#takeSpare() ?? (await this.#open(model));
      try {
        const routed = await channel.publish(message, limit);
        this.#keepSpare(channel);
        return routed;
      } catch (error) {
        channel.close();
        throw error;
      }
    } finally {
      this.#inUse -= 1;
    }
  }

  /** No message is published on a channel that was used before. */
  forget(): void {
    this.#takeSpare()?.close();
  }

  async #open(model: ChannelModel): Promise<PublishChannel> {
    const channel = await PublishChannel.openWithin(OPEN_MS, model);
    channel.onClosed(() => {
      if (this.#spare === channel) this.#spare = null;
    });
    return channel;
  }

  #takeSpare(): PublishChannel | null {
    const spare = this.#spare;
    this.#spare = null;
    return spare;
  }

  /** A fleet that opens a channel for each event would make a busy broker busier. */
  #keepSpare(channel: PublishChannel): void {
    if (this.#isKept()) this.#spare = channel;
    else channel.close();
  }
}
