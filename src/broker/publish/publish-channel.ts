import { randomUUID } from 'node:crypto';
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { closeChannel, openConfirmChannel } from '../connection/open-channel.ts';
import { confirmed } from './publish-event.ts';

export interface OutgoingMessage {
  exchange: string;
  key: string;
  body: Buffer;
  contentType: string;
  messageId: string;
  headers?: Record<string, unknown>;
}

/** A channel for messages of the central side, each of which is confirmed, and told of if no queue is bound for it. */
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

  /** @param listener gets the error with which the broker closed it, if it was that */
  onClosed(listener: (refusal: Error | undefined) => void): void {
    this.#channel.on('close', () => listener(this.#refusal));
  }

  /**
   * @returns whether a queue is bound for the message
   * @throws {PublishFailed} if it is not confirmed within the limit
   * @throws {Error} with which the broker closed the channel
   */
  async publish(message: OutgoingMessage, limitMs: number): Promise<'routed' | 'unroutable'> {
    const { exchange, key, body, contentType, messageId, headers = {} } = message;
    const correlationId = randomUUID();
    const properties = { persistent: true, mandatory: true, contentType, messageId, correlationId, headers };
    try {
      await confirmed(limitMs, (done) => this.#channel.publish(exchange, key, body, properties, done));
    } catch (error) {
      throw this.#refusal ?? error;
    }
    return this.#returned.delete(correlationId) ? 'unroutable' : 'routed';
  }

  close(): void {
    closeChannel(this.#channel);
  }
}
