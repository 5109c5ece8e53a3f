import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Delivery, Log, Settlement } from '../job/ports.ts';

export interface ConsumerOptions {
  queue: string;
  /** Returns what is to become of the message; a throw leaves it to be delivered again. */
  handle: (delivery: Delivery) => Promise<Settlement>;
  /** Called each time that consuming begins, anew after a loss. */
  onConsuming?: () => void;
  log: Log;
}

const RETRY_MS = 2_000;
/** ACCESS_REFUSED: somebody else consumes the queue, and it is exclusive. */
const ACCESS_REFUSED = 403;

/**
 * Consumes one queue exclusively, one message at a time, for as long as it is not stopped. Only here messages are
 * acknowledged. A channel that closes, or a consumer that the broker cancels, is set up again.
 */
export class QueueConsumer {
  readonly #options: ConsumerOptions;
  #channel: Channel | null = null;
  #consumerTag: string | null = null;
  #stopped = false;
  #inHand: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  /** Begins to consume; where that is refused it is tried again, and said. */
  async open(model: ChannelModel): Promise<void> {
    if (this.#stopped) return;
    const { queue, log, onConsuming } = this.#options;
    const channel = await model.createChannel();
    // What follows from it is told of where it was asked for, or by `close`.
    channel.on('error', (error) => log.debug({ queue, error }, 'The broker closed a channel'));
    channel.on('close', () => {
      if (this.#channel === channel) this.#reopenLater(model);
    });
    this.#channel = channel;
    try {
      await channel.prefetch(1);
      const consumer = await channel.consume(queue, (message) => this.#receive(channel, message), {
        exclusive: true,
      });
      this.#consumerTag = consumer.consumerTag;
    } catch (error) {
      this.#tellOf(error as { code?: number });
      return;
    }
    log.info({ queue }, 'Consuming');
    onConsuming?.();
  }

  /** Takes no more messages; resolves once the one in hand is done with. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#channel !== null && this.#consumerTag !== null) {
      await this.#channel.cancel(this.#consumerTag).catch(() => {});
    }
    await this.#inHand;
  }

  #receive(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker cancelled the consumer: the queue is gone, or its node.
      channel.close().catch(() => {});
      return;
    }
    this.#inHand = this.#inHand.then(() => this.#settle(channel, message));
  }

  async #settle(channel: Channel, message: ConsumeMessage): Promise<void> {
    const { handle, log, queue } = this.#options;
    // The channel is gone, and with it the delivery: the message will come again.
    if (this.#channel !== channel) return;
    if (this.#stopped) {
      settle(() => channel.nack(message, false, true));
      return;
    }
    try {
      const settlement = await handle(deliveryOf(message));
      settle(() => (settlement === 'acknowledge' ? channel.ack(message) : channel.reject(message, false)));
    } catch (error) {
      log.error({ queue, error }, 'A message could not be dealt with, and goes back to its queue');
      await new Promise((resolve) => setTimeout(resolve, this.#stopped ? 0 : RETRY_MS));
      settle(() => channel.nack(message, false, true));
    }
  }

  #reopenLater(model: ChannelModel): void {
    this.#channel = null;
    this.#consumerTag = null;
    const reopen = () => {
      // Meanwhile there may be another connection, with its own channel.
      if (this.#channel !== null) return;
      this.open(model).catch((error: unknown) => this.#options.log.debug({ error }, 'Cannot open a channel'));
    };
    setTimeout(reopen, RETRY_MS).unref();
  }

  #tellOf(error: { code?: number }): void {
    const { queue, log } = this.#options;
    if (error.code === ACCESS_REFUSED) {
      log.error(
        { queue, error },
        'Another worker consumes this queue: two hosts must not have the same host id',
      );
    } else {
      log.warn({ queue, error }, 'Cannot consume');
    }
  }
}

/** On a channel that has closed, a message needs no answer: it will come again. */
function settle(answer: () => void): void {
  try {
    answer();
  } catch {
    // IllegalOperationError: the channel closed meanwhile.
  }
}

function deliveryOf({ content, fields, properties }: ConsumeMessage): Delivery {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const earlier = headers['x-delivery-count'];
  const count = typeof earlier === 'number' ? earlier : fields.redelivered ? 1 : 0;
  return {
    body: content,
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    messageId: text(properties.messageId),
    redelivered: fields.redelivered,
    attempt: count + 1,
    headers,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
