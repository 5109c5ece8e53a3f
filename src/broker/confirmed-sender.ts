import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { FleetEvent } from '../contract/event.ts';
import { dropConnection } from './connection.ts';
import { ConfirmTimeout, NobodyBound, PublishFailed, publishEvent } from './publish-event.ts';

const CONFIRM_TIMEOUT_MS = 15_000;

export interface SenderOptions {
  /** What the broker knows the publisher as; `undefined` where only the broker can tell. */
  user: string | undefined;
  /** Makes sure again of what is published to: it may be gone. */
  restore: (model: ChannelModel) => Promise<void>;
  /** Called when events can be sent, after they could not. */
  onReady: () => void;
}

/** Sends events with confirms, on a channel that is made anew for each connection. */
export class ConfirmedSender {
  readonly #options: SenderOptions;
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  #isBlocked = false;
  readonly #unroutable = new Set<string>();
  /** Once nobody is bound although everything was declared anew, that is how it is. */
  #isUnroutedByChoice = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Whether there is any sense in trying. */
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
      // Open and dead: there has to be another one. A broker that blocks is not dead, and says so.
      if (error instanceof ConfirmTimeout && model !== null && !this.#isBlocked) dropConnection(model);
      throw error;
    }
    await this.#routeAgain(event.id, model);
  }

  /** Nobody is bound for it, not even the event log: its binding was taken away, or there is none here by choice. */
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
      // The broker closes a channel for one wrong word, such as an exchange that is gone: then there is another.
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
        // The connection is gone, too: the next one brings a channel of its own.
      });
  }
}
