import { randomUUID } from 'node:crypto';
import type { ChannelModel, ConfirmChannel, ConsumeMessage, Options } from 'amqplib';
import { closeChannel, openConfirmChannel } from '../connection/open-channel.ts';
import { within } from '../connection/within.ts';
import { NoConfirm, NotEncodable, PublishFailed } from './publish-failed.ts';

export interface OutgoingMessage {
  exchange: string;
  key: string;
  body: Buffer;
  contentType: string;
  messageId: string;
  headers?: Record<string, unknown>;
  /** `contentEncoding`, `userId`, `type` and `expiration` (milliseconds) of AMQP, where the message has them. */
  properties?: Pick<Options.Publish, 'contentEncoding' | 'userId' | 'type' | 'expiration'>;
}

/** How long a channel is waited for, in milliseconds. */
export const OPEN_MS = 10_000;

/** Whether a queue is bound for a message that was confirmed. */
export type Routed = 'routed' | 'unroutable';

export interface ConfirmLimit {
  /** For so long, nothing may show that the message arrives. */
  limitMs: number;
  /** When something showed last that the message has arrived somewhere, as `performance.now()` tells it. One to thousands of queues takes its time. */
  lastSignMs?: (() => number) | undefined;
  /** Called if the confirm comes after all, when nobody waits for it any more. */
  onLate?: () => void;
}

/** A channel on which each message is confirmed, and told of if no queue is bound for it. */
export class PublishChannel {
  readonly #channel: ConfirmChannel;
  readonly #returned = new Set<string>();
  /** The error with which the broker closed the channel. */
  #refusal: Error | undefined;

  private constructor(channel: ConfirmChannel) {
    this.#channel = channel;
    // amqplib emits this before it fails the messages of the channel, so they can tell the reason.
    channel.on('error', (error: Error) => (this.#refusal = error));
    channel.on('return', ({ properties }: ConsumeMessage) =>
      this.#returned.add(String(properties.correlationId)),
    );
  }

  static async open(model: ChannelModel): Promise<PublishChannel> {
    return new PublishChannel(await openConfirmChannel(model));
  }

  /** @throws {NoAnswer} if the broker does not open it in time; one that it opens later is closed */
  static async openWithin(limitMs: number, model: ChannelModel): Promise<PublishChannel> {
    const opening = PublishChannel.open(model);
    try {
      return await within(limitMs, async () => await opening);
    } catch (error) {
      opening.then((channel) => channel.close()).catch(() => {});
      throw error;
    }
  }

  /** @param listener gets the error with which the broker closed it, if it was that */
  onClosed(listener: (refusal: Error | undefined) => void): void {
    this.#channel.on('close', () => listener(this.#refusal));
  }

  /**
   * Hands a message to the broker before anything is waited for, which keeps messages in order.
   *
   * @throws {NotEncodable}; {PublishFailed} if it is not confirmed within the limit
   * @throws {Error} with which the broker closed the channel
   */
  async publish(message: OutgoingMessage, limit: ConfirmLimit): Promise<Routed> {
    const { exchange, key, body, contentType, messageId, headers = {}, properties } = message;
    const correlationId = randomUUID();
    const own = { persistent: true, mandatory: true, contentType, messageId, correlationId, headers };
    try {
      await confirmed(limit, (done) =>
        this.#channel.publish(exchange, key, body, { ...properties, ...own }, done),
      );
    } catch (error) {
      throw this.#refusal ?? error;
    }
    return this.#returned.delete(correlationId) ? 'unroutable' : 'routed';
  }

  close(): void {
    closeChannel(this.#channel);
  }
}

/** amqplib tells so that the broker said no (`basic.nack`); what else it tells is that the channel is gone. */
const NACKED = 'message nacked';
const REFUSED =
  'the broker refused the message: a queue that it is for is full, as a policy limits it, or cannot be had now';

function unconfirmed(error: unknown): PublishFailed {
  const isRefused = (error as Error).message === NACKED;
  return new PublishFailed(isRefused ? REFUSED : 'the broker did not take the message', { cause: error });
}

/** Waits for the confirm for a limited time: on a connection that is open but dead, it would never come. */
async function confirmed(
  { limitMs, lastSignMs = () => 0, onLate }: ConfirmLimit,
  send: (done: (error: unknown) => void) => boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let isLate = false;
    const begun = performance.now();
    const look = () => {
      const leftMs = Math.max(begun, lastSignMs()) + limitMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(look, Math.ceil(leftMs));
        return;
      }
      isLate = true;
      reject(new NoConfirm(`the broker did not confirm the message within ${limitMs / 1000} s`));
    };
    let timer = setTimeout(look, limitMs);
    const done = (error: unknown) => {
      clearTimeout(timer);
      if (error !== null && error !== undefined) reject(unconfirmed(error));
      else if (isLate) onLate?.();
      else resolve();
    };
    try {
      send(done);
    } catch (error) {
      clearTimeout(timer);
      reject(notSent(error));
    }
  });
}

/** amqplib makes the frames of a message before it sends any: what fails then is the message, and the channel is as it was. */
function notSent(error: unknown): PublishFailed {
  if (error instanceof RangeError)
    return new NotEncodable(`no message can be made of it: ${error.message}`, { cause: error });
  return new PublishFailed('the broker did not take the message', { cause: error });
}
