import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { Log } from '../../job/ports/log.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { abortable } from '../connection/abortable.ts';
import { BrokerRefused, BrokerUnreachable } from '../connection/broker-errors.ts';
import { ACCESS_REFUSED, replyCode } from '../connection/reply-codes.ts';
import { declareForOperators } from '../connection/topology.ts';
import type { ConfirmLimit, OutgoingMessage, Routed } from './publish-channel.ts';
import { Publisher } from './publisher.ts';

/** How long to wait for a connection. */
const LOOK_MS = 100;
/** Another node may do better, such as for one that is cut off from the others. No job is in hand here, which would come again. */
const LEAVE_MS = 3_000;

/** Publishes the messages of the central side until the broker has them. */
export class LinkPublisher {
  readonly #log: Log;
  readonly #publisher = new Publisher({ restore: declareForOperators, inOrder: false, leaveMs: LEAVE_MS });
  #isClosed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  async open(model: ChannelModel): Promise<void> {
    await this.#publisher.open(model);
  }

  /** Nothing is published from now on. */
  close(): void {
    this.#isClosed = true;
    this.#publisher.close();
  }

  /**
   * Publishes a message until the broker has confirmed it, also over a new connection. So it may arrive more than once, and must
   * be harmless then.
   *
   * @param lastSignMs as in {@link ConfirmLimit}
   * @returns whether a queue is bound for it
   * @throws {BrokerRefused} if the user has no right to publish it
   * @throws {BrokerUnreachable} once this link is closed
   * @throws the abort reason of the signal
   */
  async publish(
    message: OutgoingMessage,
    signal?: AbortSignal,
    lastSignMs?: ConfirmLimit['lastSignMs'],
  ): Promise<Routed> {
    const pause = new BackOff();
    for (let failures = 0; ; ) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new BrokerUnreachable('the connection was closed');
      if (this.#publisher.model === null) {
        await sleep(LOOK_MS);
        continue;
      }
      try {
        const how = { failures, isWanted: () => signal?.aborted !== true, lastSignMs };
        return await abortable(this.#publisher.publish(message, how), signal);
      } catch (error) {
        if (replyCode(error) === ACCESS_REFUSED) throw refusedBy(error as Error, message);
        // That it was not waited for says nothing of the broker.
        signal?.throwIfAborted();
        if (failures === 0) this.#log.warn({ error }, 'The broker has not taken a message yet');
      }
      failures += 1;
      await abortable(sleep(pause.next()), signal);
    }
  }
}

function refusedBy(cause: Error, { exchange, key }: OutgoingMessage): BrokerRefused {
  return new BrokerRefused(
    `the broker does not let this user publish to ${exchange} with the routing key ${key}: ask for the rights of an operator (fleetwall provision --operator NAME)`,
    { cause },
  );
}
