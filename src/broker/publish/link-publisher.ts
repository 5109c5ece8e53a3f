import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { Log } from '../../job/ports/log.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { abortable } from '../connection/abortable.ts';
import { BrokerRefused, BrokerUnreachable } from '../connection/broker-errors.ts';
import { isOpen } from '../connection/open-channel.ts';
import { ACCESS_REFUSED, NOT_FOUND, replyCode } from '../connection/reply-codes.ts';
import { declareForOperators } from '../connection/topology.ts';
import { type OutgoingMessage, PublishChannel } from './publish-channel.ts';
import { NoConfirm } from './publish-event.ts';
import { ConnectionRenewal } from './renewal.ts';

type Routed = 'routed' | 'unroutable';

/** Where a confirm takes so long, the channel may wait for a queue whose node hangs, and with it all that was published after it. */
const CONFIRM_MS = 4_000;
/** A message that has a channel of its own holds up nothing else. */
const CONFIRM_ALONE_MS = 20_000;
/** So many channels for single messages at a time. */
const MOST_ALONE = 100;
/** How long to wait for a connection, or for room for one more channel. */
const LOOK_MS = 100;
/** After so many tries over one connection, another node may do better. */
const MOST_TRIES = 4;

/**
 * Publishes the messages of the central side, on a channel that is made anew for each connection, and whenever the broker closes it.
 * A message that is not confirmed there gets a channel of its own: so a queue that cannot be had keeps nothing from the others.
 */
export class LinkPublisher {
  readonly #log: Log;
  #channel: PublishChannel | null = null;
  #isClosed = false;
  #model: ChannelModel | null = null;
  #alone = 0;
  readonly #renewal = new ConnectionRenewal();

  constructor(log: Log) {
    this.#log = log;
  }

  async open(model: ChannelModel): Promise<void> {
    const channel = await PublishChannel.open(model);
    channel.onClosed((refusal) => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      // The broker closes a channel at the first error, and leaves the connection open.
      if (isOpen(model)) void this.#reopenChannel(model, refusal);
    });
    this.#channel = channel;
    this.#model = model;
  }

  /** Nothing is published from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * Publishes a message until the broker has confirmed it, also over a new connection. So it may arrive more than once, and must
   * be harmless then.
   *
   * @returns whether a queue is bound for it
   * @throws {BrokerRefused} if the user has no right to publish it
   * @throws {BrokerUnreachable} once this link is closed
   * @throws the abort reason of the signal
   */
  async publish(message: OutgoingMessage, signal?: AbortSignal): Promise<Routed> {
    const pause = new BackOff();
    let over: ChannelModel | null = null;
    let tries = 0;
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new BrokerUnreachable('the connection was closed');
      const model = this.#model;
      if (model !== over) tries = 0;
      over = model;
      try {
        const answer = await abortable(this.#try(model, message, tries === 0), signal);
        if (answer !== null) return answer;
        await sleep(LOOK_MS);
        continue;
      } catch (error) {
        if (replyCode(error) === ACCESS_REFUSED) throw refusedBy(error as Error, message);
        if (tries === 0) this.#log.warn({ error }, 'The broker has not taken a message yet');
        tries += 1;
        if (model !== null && tries >= MOST_TRIES) this.#renewal.begin(model);
      }
      await sleep(pause.next());
    }
  }

  /** @returns `null` if there is no channel, or no room for one */
  async #try(model: ChannelModel | null, message: OutgoingMessage, isFirst: boolean): Promise<Routed | null> {
    if (!isFirst) return model === null ? null : await this.#publishAlone(model, message);
    const channel = this.#channel;
    if (channel === null) return null;
    try {
      return await channel.publish(message, CONFIRM_MS);
    } catch (error) {
      if (error instanceof NoConfirm) channel.close();
      throw error;
    }
  }

  async #publishAlone(model: ChannelModel, message: OutgoingMessage): Promise<Routed | null> {
    if (this.#alone >= MOST_ALONE || !isOpen(model)) return null;
    this.#alone += 1;
    try {
      const channel = await PublishChannel.open(model);
      const answer = await channel.publish(message, CONFIRM_ALONE_MS).finally(() => channel.close());
      this.#renewal.end();
      return answer;
    } finally {
      this.#alone -= 1;
    }
  }

  async #reopenChannel(model: ChannelModel, refusal: Error | undefined): Promise<void> {
    const pause = new BackOff();
    while (isOpen(model) && !this.#isClosed && this.#channel === null) {
      try {
        if (replyCode(refusal) === NOT_FOUND) await declareForOperators(model);
        await this.open(model);
      } catch (error) {
        this.#log.debug({ error }, 'Cannot open a channel yet: it is tried again');
        await sleep(pause.next(), undefined, { ref: false });
      }
    }
  }
}

function refusedBy(cause: Error, { exchange, key }: OutgoingMessage): BrokerRefused {
  return new BrokerRefused(
    `the broker does not let this user publish to ${exchange} with the routing key ${key}: ask for the rights of an operator (fleetwall provision --operator NAME)`,
    { cause },
  );
}
