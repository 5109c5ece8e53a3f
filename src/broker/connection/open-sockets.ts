import type { ChannelModel } from 'amqplib';
import { dropConnection, whenGone } from './socket.ts';

/**
 * The sockets of connections that were opened, until each is gone. amqplib only ends its side of one that it gives up, and a broker that
 * hangs never ends the other: it would be there as long as the broker hangs, and keep this process.
 */
export class OpenSockets {
  readonly #models = new Set<ChannelModel>();
  readonly #awaitingNone: (() => void)[] = [];

  add(model: ChannelModel): void {
    this.#models.add(model);
    whenGone(model, () => {
      this.#models.delete(model);
      if (this.#models.size > 0) return;
      for (const resolve of this.#awaitingNone.splice(0)) resolve();
    });
  }

  /** Gives those that are there now some time to end by themselves. */
  dropIn(ms: number): void {
    const now = [...this.#models];
    setTimeout(() => {
      for (const model of now) dropConnection(model);
    }, ms).unref();
  }

  async untilNone(): Promise<void> {
    if (this.#models.size > 0) await new Promise<void>((resolve) => this.#awaitingNone.push(resolve));
  }
}
