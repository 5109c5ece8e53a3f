import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { Log } from '../job/ports/log.ts';
import { BrokerUnreachable } from './connection/broker-errors.ts';
import { onOwnChannel } from './connection/on-channel.ts';
import { isTaken, takeName } from './connection/take-name.ts';

/** Does something over the connection; again over the next one, if it was lost meanwhile. @throws {BrokerUnreachable} */
type OverConnection = <T>(work: (model: ChannelModel) => Promise<T>) => Promise<T>;

/** Longer than it takes a broker to give up a connection, or a node, that is gone. */
const GIVEN_UP_MS = 120_000;
const TAKE_PAUSE_MS = 1_000;

/** Names that only one connection can have. The broker gives them up with a lost connection: they are taken again with the next one. */
export class HeldNames {
  readonly #held = new Map<string, () => void>();
  readonly #overConnection: OverConnection;
  readonly #log: Log;

  constructor(overConnection: OverConnection, log: Log) {
    this.#overConnection = overConnection;
    this.#log = log;
  }

  /**
   * Takes a name until it is released, or the link is closed.
   *
   * @param onTaken called if another connection has it after this one was lost
   * @returns whether the name was free: this connection must not hold it either
   */
  async hold(name: string, onTaken: () => void): Promise<boolean> {
    if (this.#held.has(name)) return false;
    this.#held.set(name, onTaken);
    const isFree = await this.#take(name).catch((error: unknown) => {
      this.#held.delete(name);
      throw error;
    });
    if (!isFree) this.#held.delete(name);
    return isFree;
  }

  /** Whether a connection, this or another, holds that name. @throws {Error} what the broker said */
  async isHeld(name: string): Promise<boolean> {
    return await this.#overConnection(async (model) => await isTaken(model, name));
  }

  /** Gives up a name that is held. Does not wait for the broker: at the latest, it is free when the link is closed. */
  release(name: string): void {
    if (this.#held.delete(name)) this.#giveUp(name);
  }

  #giveUp(name: string): void {
    this.#overConnection(
      async (model) => await onOwnChannel(model, (channel) => channel.deleteQueue(name)),
    ).catch(() => {});
  }

  /** There is a new connection. */
  reopen(): void {
    for (const [name, onTaken] of this.#held) void this.#holdAgain(name, onTaken);
  }

  /** The broker may not have given up the lost connection yet, which would have to hold the name still. */
  async #holdAgain(name: string, onTaken: () => void): Promise<void> {
    const deadline = performance.now() + GIVEN_UP_MS;
    const isReleased = () => this.#held.get(name) !== onTaken;
    try {
      while (!isReleased() && !(await this.#take(name))) {
        if (performance.now() > deadline) return isReleased() ? undefined : onTaken();
        await sleep(TAKE_PAUSE_MS, undefined, { ref: false });
      }
      // It was released in the moment in which it was taken.
      if (!this.#held.has(name)) this.#giveUp(name);
    } catch (error) {
      if (!(error instanceof BrokerUnreachable))
        this.#log.warn({ error, name }, 'Cannot hold this name again');
    }
  }

  async #take(name: string): Promise<boolean> {
    return await this.#overConnection(async (model) => await takeName(model, name));
  }
}
