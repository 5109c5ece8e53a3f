import { type ChannelModel, connect, type Options, type RecoveringChannelModel } from 'amqplib';
import type { Log } from '../../job/ports/log.ts';
import { type BrokerAccess, renewTls, socketOptions } from './broker-access.ts';
import { explainRefusal } from './explain-refusal.ts';
import { guardHeaders } from './header-guard.ts';
import { OpenSockets } from './open-sockets.ts';
import { ReconnectPace } from './reconnect-pace.ts';
import { dropConnection, watchBlocked } from './socket.ts';
import { within } from './within.ts';

/** An open connection, as amqplib hands it to `setup`. */
export type BrokerModel = ChannelModel;

export interface BrokerOptions {
  access: BrokerAccess;
  /** Reads passwords and certificates again: they may have been changed while the connection was there. */
  reread?: (() => Promise<BrokerAccess>) | undefined;
  /** Shown in the broker's list of connections. */
  connectionName: string;
  /** Called for each new connection, to make its channels, topology and consumers. */
  setup: (model: ChannelModel) => Promise<void>;
  /** Called each time that connecting, or `setup` after it, has failed. */
  onFailure?: (address: string, error: Error) => void;
  log: Log;
}

const CONNECT_TIMEOUT_MS = 4_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** For the last words over a connection that was lost. */
const LOST_MS = 2_000;
/** A node that lacks the others for a decision may give no answer at all. */
const SETUP_MS = 20_000;
/** A node that is open and dead is noticed after two or three of these: so workers leave it for another node within ten seconds. */
export const HEARTBEAT_SECONDS = 3;

/** A connection that is made again each time that it is lost, until it is closed. */
export class BrokerConnection {
  readonly #model: RecoveringChannelModel;
  readonly #sockets: OpenSockets;
  #isOpen = false;
  #isClosed = false;
  #count = 0;

  private constructor(model: RecoveringChannelModel, sockets: OpenSockets) {
    this.#model = model;
    this.#sockets = sockets;
  }

  /** Whether a connection is open now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many connections have been made so far. */
  get count(): number {
    return this.#count;
  }

  /** Returns at once, without waiting for the broker: the broker may come later. */
  static async open({
    access,
    reread = async () => access,
    connectionName,
    setup,
    onFailure,
    log,
  }: BrokerOptions): Promise<BrokerConnection> {
    const round = new AddressRound(access.addresses);
    const pace = new ReconnectPace();
    const sockets = new OpenSockets();
    const options = socketOptions(access, CONNECT_TIMEOUT_MS, connectionName);
    const prepareNext = async () => {
      round.next();
      try {
        const fresh = await reread();
        round.renew(fresh.addresses);
        renewTls(options, fresh);
      } catch (error) {
        log.warn({ error }, 'Cannot read the password or the certificates again: those from before are used');
      }
    };
    const model = await connect(round.address, {
      ...options,
      recovery: {
        setup: async (opened: ChannelModel) => {
          sockets.add(opened);
          guardHeaders(opened, () =>
            log.warn({}, 'A message has headers that cannot be read: it is taken without'),
          );
          await setUp(opened, setup, SETUP_MS * pace.patience(round.size));
        },
        waitForConnect: false,
        calculateDelay: (attempt) => pace.delay(attempt, round.size),
      },
    });
    const connection = new BrokerConnection(model, sockets);
    const broker = () => round.name;
    model.on('connect', () => {
      connection.#isOpen = true;
      connection.#count += 1;
      pace.noteOpen();
      log.info({ broker: broker() }, 'Connected to the broker');
    });
    model.on('disconnect', (error) => {
      connection.#isOpen = false;
      sockets.dropIn(LOST_MS);
      pace.noteLost();
      log.warn({ broker: broker(), error }, 'Lost the connection to the broker');
      void prepareNext();
    });
    model.on('connect-failed', (reason) => {
      if (connection.#isClosed) return;
      const error = explainRefusal(reason);
      pace.noteFailed();
      log.warn({ broker: broker(), error }, 'Cannot work with the broker');
      onFailure?.(broker(), error);
      void prepareNext();
    });
    model.on('blocked', (reason) => log.warn({ reason }, 'The broker takes no messages for now'));
    model.on('unblocked', () => log.info({}, 'The broker takes messages again'));
    // `disconnect` comes as well, and does what is needed; but an `error` without a listener would end the process.
    model.on('error', (error) => log.debug({ error }, 'Error on the connection to the broker'));
    return connection;
  }

  /** Closes the connection. Waits for the broker to agree, but only for a limited time: then it is cut, so that nothing is left of it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sockets.dropIn(CLOSE_TIMEOUT_MS);
    // amqplib may wait for ever for an answer over a connection that was cut.
    await Promise.race([this.#model.close().catch(() => {}), this.#sockets.untilNone()]);
    await this.#sockets.untilNone();
  }
}

/**
 * Guards what amqplib does not while `setup` runs: an error of the connection would end the process, a loss would not be noticed, and
 * to close a connection that is open and dead would wait for ever.
 *
 * @throws {Error} what `setup` throws, or that the connection was lost meanwhile
 */
async function setUp(model: ChannelModel, setup: BrokerOptions['setup'], limitMs: number): Promise<void> {
  let lost: Error | null = null;
  // Each question that waits for its answer listens for the loss of the connection: there may be any number of them.
  model.setMaxListeners(0);
  watchBlocked(model);
  model.on('error', (error: Error) => (lost = error));
  const closed = new Promise<void>((resolve) => {
    model.once('close', (error?: Error) => {
      lost ??= error ?? new Error('the broker has closed the connection');
      resolve();
    });
  });
  try {
    await within(limitMs, async () => await setup(model));
    if (lost !== null) throw lost as Error;
  } catch (error) {
    dropConnection(model);
    // amqplib closes it as well, and would wait for ever for the answer if it were not closed by then.
    await closed;
    throw error;
  }
}

/**
 * The addresses of a broker's nodes, in a round that begins anywhere: so the hosts of a fleet spread over the nodes. No node is tried
 * twice before all others were.
 */
class AddressRound {
  /** amqplib reads this object anew for each attempt: a change of it in place sends the next attempt to another node. */
  readonly address: Options.Connect;
  #addresses: readonly Options.Connect[];
  #index: number;

  constructor(addresses: readonly Options.Connect[]) {
    this.#addresses = addresses;
    this.#index = Math.floor(Math.random() * addresses.length);
    this.address = { ...addresses[this.#index], heartbeat: HEARTBEAT_SECONDS };
  }

  get size(): number {
    return this.#addresses.length;
  }

  get name(): string {
    return `${this.address.hostname}:${this.address.port}`;
  }

  /** The same nodes, with other passwords. */
  renew(addresses: readonly Options.Connect[]): void {
    this.#addresses = addresses;
    Object.assign(this.address, addresses[this.#index]);
  }

  next(): void {
    this.#index = (this.#index + 1) % this.#addresses.length;
    Object.assign(this.address, this.#addresses[this.#index]);
  }
}
