import type { ChannelModel } from 'amqplib';
import { BackOff } from '../../job/time/back-off.ts';
import { dropConnection } from '../connection/drop-connection.ts';
import { isOpen } from '../connection/open-channel.ts';

/** Over a new connection, jobs in hand come again: that is not done often to a broker whose "no" is meant. */
const PAUSE = { firstMs: 60_000, longestMs: 15 * 60_000 };

/** Leaves a connection for one to another node, with pauses that grow. */
export class ConnectionRenewal {
  readonly #pause = new BackOff(PAUSE);
  #notBefore = 0;

  /** All is well again. */
  end(): void {
    this.#pause.reset();
    this.#notBefore = 0;
  }

  begin(model: ChannelModel): void {
    const now = performance.now();
    if (!isOpen(model) || now < this.#notBefore) return;
    this.#notBefore = now + this.#pause.next();
    dropConnection(model);
  }
}
