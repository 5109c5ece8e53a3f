import type { ChannelModel } from 'amqplib';
import { EVENT_LOG_STREAM } from '../contract/words/names.ts';
import type { Log } from '../job/ports/log.ts';
import { abortable } from './connection/abortable.ts';
import type { BrokerAccess } from './connection/broker-access.ts';
import { BrokerUnreachable } from './connection/broker-errors.ts';
import { BrokerConnection } from './connection/connection.ts';
import { explainRefusal } from './connection/explain-refusal.ts';
import { onOwnChannel } from './connection/on-channel.ts';
import { isOpen } from './connection/socket.ts';
import { declareForOperators } from './connection/topology.ts';
import { untilLost } from './connection/until-lost.ts';
import { whenAllFailed } from './connection/when-all-failed.ts';
import { HeldNames } from './held-names.ts';
import { LogReaders } from './log-readers.ts';
import { lookAtQueue } from './look-at-queue.ts';
import { LinkPublisher } from './publish/link-publisher.ts';
import type { ConfirmLimit, OutgoingMessage, Routed } from './publish/publish-channel.ts';
import { type IncomingMessage, StreamSource, type StreamStart } from './stream-source.ts';

export interface LinkOptions {
  access: BrokerAccess;
  /** As of {@link BrokerConnection.open}. */
  reread?: (() => Promise<BrokerAccess>) | undefined;
  /** Shown in the broker's list of connections. */
  name: string;
  log: Log;
  /** Ends the attempt to connect. Once there is a connection, it has no effect. */
  signal?: AbortSignal | undefined;
}

const CONNECT_MS = 15_000;

/** The central side's connection. It publishes with confirms, and hears events; both go on when a lost connection is back. */
export class FleetLink {
  #connection: BrokerConnection | null = null;
  #model: ChannelModel | null = null;
  /** Names that only one connection can have. */
  readonly names: HeldNames;
  readonly #readers: LogReaders;
  readonly #publisher: LinkPublisher;
  #isClosed = false;
  /** Those who wait for the next connection. */
  readonly #awaitingOpen: (() => void)[] = [];

  private constructor(log: Log) {
    this.#readers = new LogReaders(async () => await this.#connected(), log);
    this.names = new HeldNames(async (work) => await this.#overConnection(work), log);
    this.#publisher = new LinkPublisher(log);
  }

  /** @throws {BrokerUnreachable} {@link BrokerRefused} */
  static async connect({ access, reread, name, log, signal }: LinkOptions): Promise<FleetLink> {
    signal?.throwIfAborted();
    const link = new FleetLink(log);
    let tooLate: NodeJS.Timeout | undefined;
    const opened = new Promise<void>((resolve, reject) => {
      tooLate = setTimeout(() => reject(new BrokerUnreachable('the broker does not answer')), CONNECT_MS);
      const opening = BrokerConnection.open({
        access,
        reread,
        connectionName: name,
        log,
        setup: async (model) => {
          await link.#open(model);
          resolve();
        },
        onFailure: whenAllFailed(access.addresses.length, reject),
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

  /** Whether there is a connection now. */
  get isConnected(): boolean {
    return this.#model !== null && isOpen(this.#model);
  }

  /** As {@link LinkPublisher.publish}. */
  async publish(
    message: OutgoingMessage,
    signal?: AbortSignal,
    lastSignMs?: ConfirmLimit['lastSignMs'],
  ): Promise<Routed> {
    return await this.#publisher.publish(message, signal, lastSignMs);
  }

  /**
   * Reads the event log from `start` on, and then what comes: each event once, and in order. With `next`, events may be missing if
   * the connection is lost before the first has come: `onReopened` is called then, too.
   * Nothing has to be made on the broker for that. While a node hangs, it takes a minute and more to make a queue of one's own.
   */
  async read(
    start: StreamStart,
    onMessage: (message: IncomingMessage) => void,
    onReopened: () => void = () => {},
    signal?: AbortSignal,
  ): Promise<() => Promise<void>> {
    return await this.#readers.add(new StreamSource(EVENT_LOG_STREAM, start, onMessage), onReopened, signal);
  }

  /** How many messages a queue or stream has, about; `null`: it is not there. @throws {Error} what the broker said */
  async countIn(queue: string): Promise<number | null> {
    return await this.#overConnection(
      async (model) => (await lookAtQueue(model, queue))?.messageCount ?? null,
    );
  }

  /** Whether somebody consumes a queue. @throws {Error} what the broker said */
  async isConsumed(queue: string): Promise<boolean> {
    return await this.#overConnection(
      async (model) => ((await lookAtQueue(model, queue))?.consumerCount ?? 0) > 0,
    );
  }

  /**
   * Deletes a queue that nobody consumes, with what is in it.
   *
   * @returns whether nobody did
   * @throws {Error} what the broker said
   */
  async deleteUnused(queue: string): Promise<boolean> {
    return await this.#overConnection(async (model) => {
      // `if-unused` of AMQP is not for quorum queues: the broker closes the connection.
      const { consumerCount } = await onOwnChannel(model, (channel) => channel.checkQueue(queue));
      if (consumerCount === 0) await onOwnChannel(model, (channel) => channel.deleteQueue(queue));
      return consumerCount === 0;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#publisher.close();
    this.#tellOpened();
    await this.#connection?.close();
  }

  /** The connection, once there is one. @throws {BrokerUnreachable} if this link is closed */
  async #connected(): Promise<ChannelModel> {
    for (;;) {
      if (this.#isClosed || this.#model === null) throw new BrokerUnreachable('the connection was closed');
      if (isOpen(this.#model)) return this.#model;
      await new Promise<void>((resolve) => this.#awaitingOpen.push(resolve));
    }
  }

  /**
   * Does something over the connection; again over the next one, if it was lost meanwhile.
   *
   * @throws {BrokerUnreachable} if this link is closed; what the work throws while there is a connection
   */
  async #overConnection<T>(work: (model: ChannelModel) => Promise<T>): Promise<T> {
    for (;;) {
      const model = await this.#connected();
      try {
        return await untilLost(model, work(model));
      } catch (error) {
        if (isOpen(model)) throw explainRefusal(error as Error);
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
    this.#tellOpened();
    this.#readers.reopen();
    if (isAgain) this.names.reopen();
  }
}
