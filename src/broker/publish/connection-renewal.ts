import type { ChannelModel } from 'amqplib';
import { BackOff } from '../../job/time/back-off.ts';
import { HEARTBEAT_SECONDS } from '../connection/connection.ts';
import { bytesFrom, dropConnection, isBlocked, isOpen } from '../connection/socket.ts';
import { NoAnswer } from '../connection/within.ts';
import { PublishFailed } from './publish-failed.ts';

/** Over a new connection, jobs in hand come again: that is not done often to a broker whose "no" is meant. */
const PAUSE = { firstMs: 60_000, longestMs: 15 * 60_000 };
/** A node that works is quiet for less: within the time that was agreed on for heartbeats, it sends at least one. */
const QUIET_MS = 1_000 * HEARTBEAT_SECONDS + 500;

/** Leaves a connection for one to another node where nothing is confirmed any more, with pauses that grow. */
export class ConnectionRenewal {
  readonly #leaveMs: number;
  readonly #pause = new BackOff(PAUSE);
  #notBefore = 0;
  #lastLeft = 0;
  #failingSince: number | null = null;

  /** @param leaveMs where nothing was confirmed for so long, another node may do better */
  constructor(leaveMs: number) {
    this.#leaveMs = leaveMs;
  }

  /**
   * Leaves a node that sends nothing at all from now on, as one that hangs: not even heartbeats, which are missed later. However busy a node
   * is that works, and whatever its queues wait for, it sends these; and a fleet that left it then would only make it busier.
   *
   * @returns to be called when the node has answered
   */
  watch(model: ChannelModel): () => void {
    const before = bytesFrom(model);
    const look = () => {
      if (isOpen(model) && bytesFrom(model) === before) dropConnection(model);
    };
    // What came while this process was busy itself is read before an immediate is called.
    const timer = setTimeout(() => setImmediate(look), QUIET_MS).unref();
    return () => clearTimeout(timer);
  }

  noteConfirm(): void {
    this.#failingSince = null;
  }

  /** Something was not confirmed, or not answered at all. */
  noteFailure(model: ChannelModel, error: unknown): void {
    const isNoConfirm = error instanceof PublishFailed || error instanceof NoAnswer;
    // The other nodes of its cluster take none for now, either.
    if (!isNoConfirm || !isOpen(model) || isBlocked(model)) return;
    const now = performance.now();
    this.#failingSince ??= now;
    if (now < this.#failingSince + this.#leaveMs || now < this.#notBefore) return;
    this.#failingSince = null;
    // That some messages are confirmed is no reason to do it more often: one queue may refuse what the others take.
    if (now - this.#lastLeft > 2 * PAUSE.longestMs) this.#pause.reset();
    this.#lastLeft = now;
    this.#notBefore = now + this.#pause.next();
    dropConnection(model, 'it took no messages over this connection: another node may do better');
  }
}
