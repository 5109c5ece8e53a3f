import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { closeChannel, openChannel } from './connection/open-channel.ts';
import { isOpen } from './connection/socket.ts';

/** A message as the central side hears it. */
export interface IncomingMessage {
  exchange: string;
  key: string;
  /** The publisher's name, which the broker has checked; `undefined` if the message does not give it. */
  user: string | undefined;
  body: Buffer;
  contentType: string | undefined;
  /** Its offset in the event log; `null` if it was not read from there. */
  offset: number | null;
}

/** Where to begin to read a stream: with the next message, with the first that is there, with the last ones, at an offset, or at a time. */
export type StreamStart = 'next' | 'first' | 'last' | { offset: number } | { since: Date };

type Listener = (message: IncomingMessage) => void;

/** The broker sends this many messages ahead; this many are acknowledged together. */
const PREFETCH = 400;
const ACKNOWLEDGE_EVERY = 100;

/** The messages of a stream, each once: a new connection goes on after the last one that was read. */
export class StreamSource {
  readonly #stream: string;
  readonly #onMessage: Listener;
  #start: StreamStart;
  #model: ChannelModel | null = null;
  /** On which it is read. */
  #channel: Channel | null = null;
  #isClosed = false;
  #onLost = () => {};

  /** @throws {RangeError} for a date that is none */
  constructor(stream: string, start: StreamStart, onMessage: Listener) {
    if (typeof start === 'object' && 'since' in start && Number.isNaN(start.since.getTime()))
      throw new RangeError(`${stream} cannot be read from a time on that is an invalid date`);
    this.#stream = stream;
    this.#start = start;
    this.#onMessage = onMessage;
  }

  /** @param listener called when nothing comes any more, although the connection is there */
  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /** Whether it is read over some connection, as far as is known here. */
  get isRead(): boolean {
    return this.#channel !== null;
  }

  /** Of several that are under way over one connection, the first that the broker answers is read. */
  async open(model: ChannelModel): Promise<void> {
    if (this.#model !== model) this.#channel = null;
    this.#model = model;
    const channel = await openChannel(model);
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      if (isOpen(model)) this.#onLost();
    });
    await channel.prefetch(PREFETCH);
    let unacknowledged = 0;
    const receive = (message: ConsumeMessage | null) => {
      // The stream, or the copy of it on this node, is gone.
      if (message === null) return closeChannel(channel);
      if (!this.#becomesRead(channel, model)) return;
      unacknowledged += 1;
      if (unacknowledged >= ACKNOWLEDGE_EVERY) {
        unacknowledged = 0;
        channel.ack(message, true);
      }
      this.#take(message);
    };
    await channel.consume(this.#stream, receive, { arguments: { 'x-stream-offset': offsetOf(this.#start) } });
    if (!this.#becomesRead(channel, model)) closeChannel(channel);
  }

  /** The first that is answered becomes it. */
  #becomesRead(channel: Channel, model: ChannelModel): boolean {
    if (this.#isClosed || this.#model !== model) return false;
    this.#channel ??= channel;
    return this.#channel === channel;
  }

  /** For good, also while it is being opened. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const channel = this.#channel;
    this.#channel = null;
    if (channel !== null) closeChannel(channel);
  }

  #take(message: ConsumeMessage): void {
    const incoming = incomingOf(message);
    const { offset } = incoming;
    // The broker begins at the start of a chunk: messages before the wanted offset are skipped.
    if (typeof this.#start === 'object' && 'offset' in this.#start && offset !== null) {
      if (offset < this.#start.offset) return;
    }
    if (offset !== null) this.#start = { offset: offset + 1 };
    this.#onMessage(incoming);
  }
}

/** As the broker wants it: https://www.rabbitmq.com/docs/streams#consuming */
function offsetOf(start: StreamStart): unknown {
  if (typeof start === 'string') return start;
  if ('offset' in start) return start.offset;
  const seconds = Math.floor(start.since.getTime() / 1000);
  // AMQP has no times before 1970: no log is as old.
  return seconds < 0 ? 'first' : { '!': 'timestamp', value: seconds };
}

function incomingOf({ content, fields, properties }: ConsumeMessage): IncomingMessage {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const offset = headers['x-stream-offset'];
  return {
    exchange: fields.exchange,
    key: fields.routingKey,
    user: typeof properties.userId === 'string' ? properties.userId : undefined,
    body: content,
    contentType: typeof properties.contentType === 'string' ? properties.contentType : undefined,
    offset: typeof offset === 'number' ? offset : null,
  };
}
