import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { WindowLeft } from '../job/ports/confirmation.ts';
import type { Delivery, Settlement } from '../job/ports/delivery.ts';
import { NotBegun } from '../job/ports/delivery.ts';
import type { Log } from '../job/ports/log.ts';
import { closeChannel, openChannel } from './connection/open-channel.ts';
import { ACCESS_REFUSED, replyCode } from './connection/reply-codes.ts';

export interface ConsumerOptions {
  queue: string;
  /** How many messages the broker may deliver before it gets an answer to the first. */
  prefetch: number;
  /** Returns what the broker is to do with the message. If it throws, the message goes back to the queue. */
  handle: (delivery: Delivery) => Promise<Settlement>;
  /** Declares the queue and its bindings again, as they may be gone from the broker. */
  restore: (model: ChannelModel) => Promise<void>;
  /** Called each time that consuming begins, also after it was lost. */
  onConsuming?: () => void;
  log: Log;
}

const RETRY_MS = 2_000;

/** A channel that the queue is consumed on. `gone` is aborted when it closes: all that it has delivered will come again. */
interface Consuming {
  channel: Channel;
  model: ChannelModel;
  tag: string | null;
  gone: AbortController;
}

/**
 * Consumes one queue, exclusively, until it is stopped. No other code acknowledges messages. When the channel closes, or the
 * broker cancels the consumer, the queue is declared again and consumed on a new channel.
 */
export class QueueConsumer {
  readonly #options: ConsumerOptions;
  readonly #inHand = new Set<Promise<void>>();
  #current: Consuming | null = null;
  #stopped = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  /** Whether messages would come, as far as this process knows; {@link check} asks the broker. */
  get isConsuming(): boolean {
    return !this.#stopped && this.#current !== null && this.#current.tag !== null;
  }

  /** Begins to consume. If the broker refuses, that is logged, and tried again. */
  async open(model: ChannelModel): Promise<void> {
    if (this.#stopped || this.#current?.model === model) return;
    const { queue, prefetch, log, onConsuming } = this.#options;
    const channel = await model.createChannel();
    // `stop` may have come meanwhile: it would not cancel a consumer that begins now.
    if (this.#stopped) return closeChannel(channel);
    const current: Consuming = { channel, model, tag: null, gone: new AbortController() };
    // Whoever asked the broker for something gets the error as well, and `close` follows it.
    channel.on('error', (error) => log.debug({ queue, error }, 'The broker closed a channel'));
    channel.on('close', () => {
      current.gone.abort();
      if (this.#current === current) this.#reopenLater(model);
    });
    this.#current = current;
    try {
      await channel.prefetch(prefetch);
      const receive = (message: ConsumeMessage | null) => this.#receive(current, message);
      current.tag = (await channel.consume(queue, receive, { exclusive: true })).consumerTag;
    } catch (error) {
      this.#tellOf(error);
      return;
    }
    if (this.#stopped) return closeChannel(channel);
    log.info({ queue }, 'Consuming');
    onConsuming?.();
  }

  /** Asks the broker whether the queue has a consumer, and begins again if not: an open connection alone does not prove it. */
  async check(): Promise<void> {
    const { current, queue, log } = { current: this.#current, ...this.#options };
    if (current === null || current.tag === null || this.#stopped) return;
    const channel = await openChannel(current.model);
    try {
      const { consumerCount } = await channel.checkQueue(queue);
      await channel.close();
      if (consumerCount > 0) return;
      log.warn({ queue }, 'The broker knows of no consumer here');
    } catch (error) {
      log.warn({ queue, error }, 'Cannot see whether messages would come');
    }
    await current.channel.close().catch(() => {});
  }

  /** Takes no more messages; resolves once those in hand are done with. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#current !== null && this.#current.tag !== null) {
      await this.#current.channel.cancel(this.#current.tag).catch(() => {});
    }
    await Promise.all(this.#inHand);
  }

  #receive(current: Consuming, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker cancelled the consumer, as the queue or its node is gone. Once the channel is closed, all is set up again.
      closeChannel(current.channel);
      return;
    }
    const done = this.#settle(current, message).finally(() => this.#inHand.delete(done));
    this.#inHand.add(done);
  }

  async #settle({ channel, gone }: Consuming, message: ConsumeMessage): Promise<void> {
    const { handle, log, queue } = this.#options;
    if (this.#stopped) {
      settle(() => channel.nack(message, false, true));
      return;
    }
    try {
      const settlement = await handle(deliveryOf(message, gone.signal));
      settle(() => (settlement === 'acknowledge' ? channel.ack(message) : channel.reject(message, false)));
    } catch (error) {
      if (error instanceof NotBegun || error instanceof WindowLeft)
        log.debug({ queue, error }, 'A message goes back to its queue');
      else log.warn({ queue, error }, 'A message could not be dealt with now, and goes back to its queue');
      await new Promise((resolve) =>
        setTimeout(resolve, this.#stopped || gone.signal.aborted ? 0 : RETRY_MS),
      );
      settle(() => channel.nack(message, false, true));
    }
  }

  #reopenLater(model: ChannelModel): void {
    this.#current = null;
    const { restore, log, queue } = this.#options;
    const reopen = async () => {
      // Meanwhile there may be another connection, with its own channel.
      if (this.#current !== null || this.#stopped) return;
      await restore(model);
      await this.open(model);
    };
    setTimeout(() => {
      reopen().catch((error: unknown) => {
        log.debug({ queue, error }, 'Cannot consume again');
        // The connection is there, but something on it was refused: it may be allowed later.
        if (this.#current === null && isOpen(model)) this.#reopenLater(model);
      });
    }, RETRY_MS).unref();
  }

  #tellOf(error: unknown): void {
    const { queue, log } = this.#options;
    // The broker says the same to a second consumer of an exclusive queue as to a user without the right.
    if (replyCode(error) === ACCESS_REFUSED) {
      log.error(
        { queue, error },
        'Another worker consumes this queue: two hosts must not have the same host id',
      );
    } else {
      log.warn({ queue, error }, 'Cannot consume');
    }
  }
}

function isOpen(model: ChannelModel): boolean {
  const { stream } = model.connection as unknown as { stream: { destroyed: boolean } };
  return !stream.destroyed;
}

/** Answers a message. On a channel that has closed, it needs no answer: the broker delivers it again. */
function settle(answer: () => void): void {
  try {
    answer();
  } catch {
    // IllegalOperationError: the channel closed meanwhile.
  }
}

function deliveryOf({ content, fields, properties }: ConsumeMessage, gone: AbortSignal): Delivery {
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
    gone,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
