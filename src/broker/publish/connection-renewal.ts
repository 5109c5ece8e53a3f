import type { ChannelModel } from 'amqplib';
import { BackOff } from '../../job/time/back-off.ts';
import { dropConnection } from '../connection/drop-connection.ts';
import { isOpen } from '../connection/open-channel.ts';
import { NoAnswer } from '../connection/within.ts';
import { PublishChannel } from './publish-channel.ts';
import { PublishFailed } from './publish-failed.ts';

/** Over a new connection, jobs in hand come again: that is not done often to a broker whose "no" is meant. */
const PAUSE = { firstMs: 60_000, longestMs: 15 * 60_000 };
/** A node that has not confirmed a message by then may hang, with all its connections. */
const LOOK_MS = 1_000;
const ALIVE_MS = 2_000;

/** Leaves a connection for one to another node where nothing is confirmed any more, with pauses that grow. */
export class ConnectionRenewal {
  readonly #leaveMs: number;
  readonly #pause = new BackOff(PAUSE);
  #notBefore = 0;
  #lastLeft = 0;
  #failingSince: number | null = null;
  #isLooking = false;

  /** @param leaveMs where nothing was confirmed for so long, another node may do better */
  constructor(leaveMs: number) {
    this.#leaveMs = leaveMs;
  }

  /**
   * Looks at the node if a message is not confirmed soon; once at a time, however many messages wait.
   *
   * @returns to be called when it is confirmed, or given up
   */
  watch(model: ChannelModel | null): () => void {
    const timer = setTimeout(() => {
      if (model === null || this.#isLooking) return;
      this.#isLooking = true;
      void leaveIfDead(model).finally(() => (this.#isLooking = false));
    }, LOOK_MS);
    return () => clearTimeout(timer);
  }

  noteConfirm(): void {
    this.#failingSince = null;
  }

  /** Something was not confirmed, or not answered at all. */
  noteFailure(model: ChannelModel, error: unknown): void {
    const isNoConfirm = error instanceof PublishFailed || error instanceof NoAnswer;
    if (!isNoConfirm || !isOpen(model)) return;
    const now = performance.now();
    this.#failingSince ??= now;
    if (now < this.#failingSince + this.#leaveMs || now < this.#notBefore) return;
    this.#failingSince = null;
    // That some messages are confirmed is no reason to do it more often: one queue may refuse what the others take.
    if (now - this.#lastLeft > 2 * PAUSE.longestMs) this.#pause.reset();
    this.#lastLeft = now;
    this.#notBefore = now + this.#pause.next();
    dropConnection(model);
  }
}

/** A node that works opens a channel at once, whatever its queues wait for. One that hangs is left, before the heartbeats tell. */
async function leaveIfDead(model: ChannelModel): Promise<void> {
  if (!isOpen(model)) return;
  try {
    const channel = await PublishChannel.openWithin(ALIVE_MS, model);
    channel.close();
  } catch (error) {
    if (error instanceof NoAnswer) dropConnection(model);
  }
}
