import { type ChannelModel, connect, type Options, type RecoveringChannelModel } from 'amqplib';
import type { Log } from '../job/ports/log.ts';
import { type BrokerAccess, socketOptions } from './broker-access.ts';

/** An open connection, as the setup of a worker gets it. */
export type BrokerModel = ChannelModel;

export interface BrokerOptions {
  access: BrokerAccess;
  /** Shown in the broker's list of connections. */
  connectionName: string;
  /** Makes channels, topology and consumers, anew for each connection. */
  setup: (model: ChannelModel) => Promise<void>;
  /** Each time that a broker cannot be worked with. */
  onFailure?: (address: string, error: Error) => void;
  log: Log;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
const HEARTBEAT_SECONDS = 15;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

/** A connection that comes back by itself, for as long as it is not closed. */
export class BrokerConnection {
  readonly #model: RecoveringChannelModel;
  #failures = 0;
  #isOpen = false;
  #count = 0;

  private constructor(model: RecoveringChannelModel) {
    this.#model = model;
  }

  /** Whether there is one now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  /** Returns at once: the broker may come later. */
  static async open({
    access,
    connectionName,
    setup,
    onFailure,
    log,
  }: BrokerOptions): Promise<BrokerConnection> {
    const { addresses } = access;
    // amqplib reads the address anew for each attempt: so it can be another one each time.
    const address: Options.Connect = { ...addresses[0], heartbeat: HEARTBEAT_SECONDS };
    const model = await connect(address, {
      ...socketOptions(access, CONNECT_TIMEOUT_MS, connectionName),
      recovery: { setup, waitForConnect: false, calculateDelay: fullJitter },
    });
    const connection = new BrokerConnection(model);
    const broker = () => `${address.hostname}:${address.port}`;
    model.on('connect', () => {
      connection.#failures = 0;
      connection.#isOpen = true;
      connection.#count += 1;
      log.info({ broker: broker() }, 'Connected to the broker');
    });
    model.on('disconnect', (error) => {
      connection.#isOpen = false;
      log.warn({ broker: broker(), error }, 'Lost the connection to the broker');
    });
    model.on('connect-failed', (error) => {
      log.warn({ broker: broker(), error }, 'Cannot work with the broker');
      onFailure?.(broker(), error);
      connection.#failures += 1;
      Object.assign(address, addresses[connection.#failures % addresses.length]);
    });
    model.on('blocked', (reason) => log.warn({ reason }, 'The broker takes no messages for now'));
    model.on('unblocked', () => log.info({}, 'The broker takes messages again'));
    // What follows from an error is told of by `disconnect`; without a listener it would end the process.
    model.on('error', (error) => log.warn({ error }, 'Error on the connection to the broker'));
    return connection;
  }

  /** Ends it, and does not wait for ever for the broker to agree. */
  async close(): Promise<void> {
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
    await Promise.race([this.#model.close().catch(() => {}), timeout]);
  }
}

/** Ends a connection that does not answer any more, without asking it. */
export function dropConnection(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { stream: { destroy(error?: Error): void } };
  stream.destroy(new Error('the broker does not answer any more'));
}

/** Anything up to the doubled delay, so that a fleet does not come back all at once. */
function fullJitter(attempt: number): number {
  return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}
