import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { FleetEvent } from '../../contract/event.ts';
import { BackOff } from '../../job/time/back-off.ts';
import type { Lacks } from '../connection/lacks.ts';
import { isOpen, openConfirmChannel } from '../connection/open-channel.ts';
import { within } from '../connection/within.ts';
import { NobodyBound, PublishFailed, publishEvent } from './publish-event.ts';
import { Renewal } from './renewal.ts';

const CONFIRM_TIMEOUT_MS = 4_000;
/** How long the broker may take to open a channel. */
const OPEN_MS = 10_000;
/** What is lacking while events cannot be published, as it is called in the log and on /readyz. */
export const PUBLISHING = 'publishing of events';

export interface SenderOptions {
  /** The publisher's name at the broker; `undefined`: only the broker knows it. */
  user: string | undefined;
  /** Declares again what events are published to, as it may be gone from the broker. */
  restore: (model: ChannelModel) => Promise<void>;
  /** Called with each new connection, and when the broker takes messages again. */
  onReady: () => void;
  lacks: Lacks;
}

/** Sends events, and waits until the broker confirms each. Each connection gets a new channel. */
export class ConfirmedSender {
  readonly #options: SenderOptions;
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  #isBlocked = false;
  readonly #renewal = new Renewal();
  readonly #unroutable = new Set<string>();
  /** Set once everything was declared again for an event that reached no queue. From then on, reaching none is no error. */
  #isUnroutedByChoice = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Whether events can be sent now: a channel is open, and the broker takes messages. */
  get isReady(): boolean {
    return this.#channel !== null && !this.#isBlocked;
  }

  async open(model: ChannelModel): Promise<void> {
    this.#model = model;
    this.#isBlocked = false;
    this.#isUnroutedByChoice = false;
    model.on('blocked', () => {
      if (this.#model === model) this.#isBlocked = true;
    });
    model.on('unblocked', () => {
      if (this.#model !== model) return;
      this.#isBlocked = false;
      this.#options.onReady();
    });
    await this.#openChannel(model);
    this.#options.onReady();
  }

  /** @throws {PublishFailed} */
  async send(event: FleetEvent, headers: Record<string, unknown>): Promise<void> {
    const model = this.#model;
    const channel = this.#channel;
    if (model === null || channel === null || this.#isBlocked) {
      throw new PublishFailed(
        this.#isBlocked ? 'the broker takes no messages for now' : 'there is no connection to the broker',
      );
    }
    this.#unroutable.delete(event.id);
    try {
      const { user } = this.#options;
      await publishEvent(channel, event, headers, { limitMs: CONFIRM_TIMEOUT_MS, user });
    } catch (error) {
      // A broker that blocks is not dead, and says so; that a connection is lost is told of by itself.
      if (isOpen(model) && !this.#isBlocked) {
        this.#options.lacks.begin(PUBLISHING, error);
        if (this.#channel === channel) this.#renewal.begin(model, channel, error);
      }
      throw error;
    }
    this.#renewal.end();
    this.#options.lacks.end(PUBLISHING);
    await this.#routeAgain(event.id, model);
  }

  /**
   * For an event that reached no queue, not even the event log: its binding may have been taken away, so everything is declared
   * again, once for each connection.
   *
   * @throws {NobodyBound} after that, so that the event is sent again
   */
  async #routeAgain(id: string, model: ChannelModel): Promise<void> {
    if (!this.#unroutable.delete(id) || this.#isUnroutedByChoice) return;
    await this.#options.restore(model);
    this.#isUnroutedByChoice = true;
    throw new NobodyBound('no queue is bound for events');
  }

  async #openChannel(model: ChannelModel): Promise<void> {
    const channel = await within(OPEN_MS, () => openConfirmChannel(model));
    let reason: Error = new Error('the broker has closed the channel');
    channel.on('error', (error: Error) => (reason = error));
    channel.on('return', ({ properties }) => this.#unroutable.add(String(properties.messageId)));
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      // The broker closes a channel at the first error, such as an exchange that is gone. The connection stays open.
      if (this.#isCurrent(model)) void this.#reopen(model, reason);
    });
    this.#channel = channel;
  }

  #isCurrent(model: ChannelModel): boolean {
    return this.#model === model && isOpen(model);
  }

  /** Tries for as long as the connection lasts: what was refused once, or does not answer, may be had later. */
  async #reopen(model: ChannelModel, reason: Error): Promise<void> {
    const { lacks, restore } = this.#options;
    const pause = new BackOff();
    lacks.begin(PUBLISHING, reason);
    while (this.#isCurrent(model) && this.#channel === null) {
      // Where the worker may not declare anything, somebody else has to; the channel shows whether it is there.
      await restore(model).catch((error: unknown) => lacks.begin(PUBLISHING, error));
      try {
        if (this.#isCurrent(model)) await this.#openChannel(model);
      } catch (error) {
        lacks.begin(PUBLISHING, error);
        await sleep(pause.next(), undefined, { ref: false });
      }
    }
  }
}
