import type { ChannelModel } from 'amqplib';
import { EVENT_LOG_STREAM } from '../contract/names.ts';
import type { Log } from '../job/ports/log.ts';
import { abortable } from './connection/abortable.ts';
import type { BrokerAccess } from './connection/broker-access.ts';
import { BrokerUnreachable } from './connection/broker-errors.ts';
import { BrokerConnection } from './connection/connection.ts';
import { dropConnection } from './connection/drop-connection.ts';
import { isOpen, openChannel } from './connection/open-channel.ts';
import { NOT_FOUND, PRECONDITION_FAILED, RESOURCE_LOCKED, replyCode } from './connection/reply-codes.ts';
import { declareForOperators } from './connection/topology.ts';
import { NoAnswer, within } from './connection/within.ts';
import { LinkPublisher } from './publish/link-publisher.ts';
import type { OutgoingMessage } from './publish/publish-channel.ts';
import { type IncomingMessage, StreamSource, type StreamStart } from './stream-source.ts';

export interface LinkOptions {
  access: BrokerAccess;
  /** Shown in the broker's list of connections. */
  name: string;
  log: Log;
  /** Ends the attempt to connect. Once there is a connection, it has no effect. */
  signal?: AbortSignal | undefined;
}

const CONNECT_MS = 15_000;
/** A node that waits for a decision of the others may give no answer at all: then another one is tried. */
const SOURCE_MS = 4_000;
/** So many connections may lead to a node without a copy of the event log: it may just have been started. */
const MOST_REFUSED = 10;

/** The central side's connection. It publishes with confirms, and hears events; both go on when a lost connection is back. */
export class FleetLink {
  #connection: BrokerConnection | null = null;
  #model: ChannelModel | null = null;
  /** What is read, with what is called when it is read over another connection. */
  readonly #sources = new Map<StreamSource, () => void>();
  readonly #publisher: LinkPublisher;
  #isClosed = false;
  /** Those who wait for the next connection. */
  readonly #awaitingOpen: (() => void)[] = [];

  private constructor(log: Log) {
    this.#publisher = new LinkPublisher(log);
  }

  /** @throws {BrokerUnreachable} */
  static async connect({ access, name, log, signal }: LinkOptions): Promise<FleetLink> {
    signal?.throwIfAborted();
    const link = new FleetLink(log);
    let tooLate: NodeJS.Timeout | undefined;
    const opened = new Promise<void>((resolve, reject) => {
      tooLate = setTimeout(() => reject(new BrokerUnreachable('the broker does not answer')), CONNECT_MS);
      const opening = BrokerConnection.open({
        access,
        connectionName: name,
        log,
        setup: async (model) => {
          await link.#open(model);
          resolve();
        },
        onFailure: (address, error) => reject(new BrokerUnreachable(`${address}: ${error.message}`)),
      });
      opening.then((connection) => (link.#connection = connection), reject);
    });
    try {
      await abortable(opened, signal);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    } finally {
      clearTimeout(tooLate);
    }
  }

  /** As {@link LinkPublisher.publish}. */
  async publish(message: OutgoingMessage, signal?: AbortSignal): Promise<'routed' | 'unroutable'> {
    return await this.#publisher.publish(message, signal);
  }

  /**
   * Reads the event log from `start` on, and then what comes: each event once, and in order. With `next`, events may be missing if
   * the connection is lost before the first has come: `onReopened` is called then, too.
   *
   * Nothing has to be made on the broker for that. While a node hangs, it takes a minute and more to make a queue of one's own.
   */
  async read(
    start: StreamStart,
    onMessage: (message: IncomingMessage) => void,
    onReopened: () => void = () => {},
  ): Promise<() => Promise<void>> {
    return await this.#add(new StreamSource(EVENT_LOG_STREAM, start, onMessage), onReopened);
  }

  /** Takes a name that only one connection can have, for as long as this one lives. @returns whether the name was free */
  async hold(name: string): Promise<boolean> {
    return await this.#overConnection(async (model) => {
      const channel = await openChannel(model);
      try {
        await channel.assertQueue(name, { exclusive: true, durable: false });
        await channel.close();
        return true;
      } catch (error) {
        if (replyCode(error) === RESOURCE_LOCKED) return false;
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#publisher.close();
    this.#tellOpened();
    await this.#connection?.close();
  }

  async #add(source: StreamSource, onReopened: () => void): Promise<() => Promise<void>> {
    this.#sources.set(source, onReopened);
    try {
      // A connection that comes back opens all sources by itself: then there is nothing left to be done.
      await this.#overConnection(async (model, isFirst) => {
        if (isFirst) await openSource(source, model);
      });
    } catch (error) {
      this.#sources.delete(source);
      throw error;
    }
    return async () => {
      this.#sources.delete(source);
      await source.close();
    };
  }

  /**
   * Does something over the connection; again over the next one, if it was lost meanwhile.
   *
   * @throws {BrokerUnreachable} if this link is closed; what the work throws while there is a connection
   */
  async #overConnection<T>(work: (model: ChannelModel, isFirst: boolean) => Promise<T>): Promise<T> {
    let refused = 0;
    for (let isFirst = true; ; isFirst = false) {
      if (this.#isClosed || this.#model === null) throw new BrokerUnreachable('the connection was closed');
      const model = this.#model;
      try {
        return await untilLost(model, work(model, isFirst));
      } catch (error) {
        // Another node may have a copy of the event log, or answer.
        const isNodes = replyCode(error) === PRECONDITION_FAILED || error instanceof NoAnswer;
        if (isNodes && (refused += 1) <= MOST_REFUSED) dropConnection(model);
        else if (isOpen(model)) throw error;
        if (this.#model === model) await new Promise<void>((resolve) => this.#awaitingOpen.push(resolve));
      }
    }
  }

  #tellOpened(): void {
    for (const resolve of this.#awaitingOpen.splice(0)) resolve();
  }

  /** What is missing on the broker is made with the first connection; with a later one only if it turns out to be missing. */
  async #open(model: ChannelModel): Promise<void> {
    const isAgain = this.#model !== null;
    if (!isAgain) await declareForOperators(model);
    await this.#publisher.open(model);
    this.#model = model;
    for (const [source, onReopened] of this.#sources) {
      await openSource(source, model);
      if (isAgain) onReopened();
    }
    this.#tellOpened();
  }
}

/** @throws {Error} if the connection is lost first: what was asked of the broker then need not have an answer */
async function untilLost<T>(model: ChannelModel, work: Promise<T>): Promise<T> {
  let onClose = () => {};
  const lost = new Promise<never>((_, reject) => {
    onClose = () => reject(new Error('the connection was lost'));
    model.once('close', onClose);
  });
  try {
    return await Promise.race([work, lost]);
  } finally {
    model.off('close', onClose);
  }
}

/** @throws {Error} what the broker said */
async function openSource(source: StreamSource, model: ChannelModel): Promise<void> {
  try {
    await within(SOURCE_MS, async () => await source.open(model));
  } catch (error) {
    if (replyCode(error) !== NOT_FOUND) throw error;
    await declareForOperators(model);
    await source.open(model);
  }
}
