import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { FleetEvent } from '../contract/event.ts';
import { dropConnection } from './connection/connection.ts';
import { ConfirmTimeout, NobodyBound, PublishFailed, publishEvent } from './publish-event.ts';

const CONFIRM_TIMEOUT_MS = 15_000;

export interface SenderOptions {
  /** The publisher's name at the broker; `undefined`: only the broker knows it. */
  user: string | undefined;
  /** Declares again what events are published to, as it may be gone from the broker. */
  restore: (model: ChannelModel) => Promise<void>;
  /** Called each time that sending becomes possible: a channel is open, or the broker takes messages again. */
  onReady: () => void;
}

/** Sends events, and waits until the broker confirms each. Each connection gets a new channel. */
export class ConfirmedSender {
  readonly #options: SenderOptions;
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  #isBlocked = false;
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
  }

  /** @throws {PublishFailed} */
  async send(event: FleetEvent, headers: Record<string, unknown>): Promise<void> {
    if (this.#channel === null || this.#isBlocked) {
      throw new PublishFailed(
        this.#isBlocked ? 'the broker takes no messages for now' : 'there is no connection to the broker',
      );
    }
    const model = this.#model;
    this.#unroutable.delete(event.id);
    try {
      await publishEvent(this.#channel, event, headers, {
        limitMs: CONFIRM_TIMEOUT_MS,
        user: this.#options.user,
      });
    } catch (error) {
      // The connection is open but dead: dropped, it is made again. A broker that blocks is not dead, and says so.
      if (error instanceof ConfirmTimeout && model !== null && !this.#isBlocked) dropConnection(model);
      throw error;
    }
    await this.#routeAgain(event.id, model);
  }

  /**
   * For an event that reached no queue, not even the event log: its binding may have been taken away, so everything is declared
   * again, once for each connection.
   *
   * @throws {NobodyBound} after that, so that the event is sent again
   */
  async #routeAgain(id: string, model: ChannelModel | null): Promise<void> {
    if (!this.#unroutable.delete(id) || model === null || this.#isUnroutedByChoice) return;
    await this.#options.restore(model);
    this.#isUnroutedByChoice = true;
    throw new NobodyBound('no queue is bound for events');
  }

  async #openChannel(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    channel.on('return', ({ properties }) => this.#unroutable.add(String(properties.messageId)));
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = null;
      // The broker closes a channel at the first error, such as an exchange that is gone. The connection stays open.
      this.#reopen(model);
    });
    this.#channel = channel;
    this.#options.onReady();
  }

  #reopen(model: ChannelModel): void {
    if (this.#model !== model) return;
    this.#options
      .restore(model)
      .then(() => this.#openChannel(model))
      .catch(() => {
        // The connection is gone, too: the next one gets a channel by `open`.
      });
  }
}
