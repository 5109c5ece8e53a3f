import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { BackOff } from '../../job/time/back-off.ts';
import { dropConnection } from '../connection/drop-connection.ts';
import { closeChannel, isOpen } from '../connection/open-channel.ts';
import { NoConfirm } from './publish-event.ts';

/** Over a new connection, jobs in hand come again: that is not done often to a broker whose "no" is meant. */
const CONNECTION_PAUSE = { firstMs: 60_000, longestMs: 15 * 60_000 };

/** A queue that changes its leader confirms late. A channel that waits for it still serves all other queues, and a new one may not. */
const PATIENCE_MS = 12_000;

/** Leaves a connection for another node, with pauses that grow. */
export class ConnectionRenewal {
  readonly #pause = new BackOff(CONNECTION_PAUSE);
  #notBefore = 0;

  /** A message was confirmed: all is well again. */
  end(): void {
    this.#pause.reset();
    this.#notBefore = 0;
  }

  /** Messages are not confirmed over it. @returns whether it was left */
  begin(model: ChannelModel): boolean {
    const now = performance.now();
    if (!isOpen(model) || now < this.#notBefore) return false;
    this.#notBefore = now + this.#pause.next();
    dropConnection(model);
    return true;
  }
}

/**
 * What is made anew when messages are not confirmed: first the channel, and then the connection, which leads to another node. A channel
 * that was opened while a queue or the stream had no leader may refuse every message for it from then on, although there is a
 * leader again (seen with RabbitMQ 3.10 when nodes of a cluster die). With pauses that grow, since a broker may have good reasons.
 */
export class Renewal {
  readonly #connection = new ConnectionRenewal();
  readonly #pause = new BackOff();
  #notBefore = 0;
  #isChannelNew = false;
  #silentSince: number | null = null;

  /** A message was confirmed: all is well again. */
  end(): void {
    this.#connection.end();
    this.#pause.reset();
    this.#isChannelNew = false;
    this.#silentSince = null;
  }

  /** A message was not confirmed, which `error` tells of. */
  begin(model: ChannelModel, channel: ConfirmChannel, error: unknown): void {
    const now = performance.now();
    if (!isOpen(model) || now < this.#notBefore) return;
    if (error instanceof NoConfirm) {
      this.#silentSince ??= now;
      if (now < this.#silentSince + PATIENCE_MS) return;
    }
    this.#silentSince = null;
    this.#notBefore = now + this.#pause.next();
    const isLeft = this.#isChannelNew && this.#connection.begin(model);
    this.#isChannelNew = !isLeft;
    if (!isLeft) closeChannel(channel);
  }
}
