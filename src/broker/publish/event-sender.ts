import type { ChannelModel } from 'amqplib';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { Lacks } from '../connection/lacks.ts';
import { isBlocked, isOpen } from '../connection/socket.ts';
import { eventMessage } from './event-message.ts';
import { NobodyBound, NotEncodable, PublishFailed } from './publish-failed.ts';
import { Publisher } from './publisher.ts';

/** What is lacking while events cannot be published, as it is called in the log and on /readyz. */
export const PUBLISHING = 'publishing of events';

/** Over a new connection, jobs in hand come again. */
const LEAVE_MS = 15_000;

export interface SenderOptions {
  /** The publisher's name at the broker; `undefined`: only the broker knows it. */
  user: string | undefined;
  /** Declares again what events are published to, as it may be gone from the broker. */
  restore: (model: ChannelModel) => Promise<void>;
  /** Called with each new connection, and when the broker takes messages again. */
  onReady: () => void;
  lacks: Lacks;
}

/** Sends events, and waits until the broker confirms each. */
export class EventSender {
  readonly #options: SenderOptions;
  readonly #publisher: Publisher;
  /** Set once everything was declared again for an event that reached no queue. From then on, reaching none is no error. */
  #isUnroutedByChoice = false;

  constructor(options: SenderOptions) {
    const { restore, lacks } = options;
    this.#options = options;
    const onTrouble = (error: unknown) => lacks.begin(PUBLISHING, error);
    this.#publisher = new Publisher({ restore, onTrouble, inOrder: true, leaveMs: LEAVE_MS });
  }

  /** Whether events can be sent now: a channel is open, and the broker takes messages. */
  get isReady(): boolean {
    const { model } = this.#publisher;
    return model !== null && !isBlocked(model);
  }

  async open(model: ChannelModel): Promise<void> {
    this.#isUnroutedByChoice = false;
    const { onReady } = this.#options;
    model.on('unblocked', onReady);
    await this.#publisher.open(model);
    onReady();
  }

  close(): void {
    this.#publisher.close();
  }

  /**
   * @param isWanted whether it is still to be sent, when its turn comes
   * @throws {PublishFailed}; {NotEncodable} if it never can be sent
   */
  async send(event: FleetEvent, headers: Record<string, unknown>, isWanted: () => boolean): Promise<void> {
    const { user, lacks } = this.#options;
    const { model } = this.#publisher;
    if (model === null) throw new PublishFailed('there is no connection to the broker');
    if (isBlocked(model)) throw new PublishFailed('the broker takes no messages for now');
    let isRouted = false;
    try {
      const message = eventMessage(event, headers, user);
      isRouted = (await this.#publisher.publish(message, { isWanted })) === 'routed';
    } catch (error) {
      // A broker that blocks is not dead, and says so; that a connection is lost is told of by itself.
      const isBrokers = !(error instanceof NotEncodable) && isOpen(model) && !isBlocked(model);
      if (isBrokers) lacks.begin(PUBLISHING, error);
      throw error;
    }
    lacks.end(PUBLISHING);
    if (!isRouted) await this.#routeAgain(model);
  }

  /**
   * For an event that reached no queue, not even the event log: its binding may have been taken away, so everything is declared
   * again, once for each connection.
   *
   * @throws {NobodyBound} after that, so that the event is sent again
   */
  async #routeAgain(model: ChannelModel): Promise<void> {
    if (this.#isUnroutedByChoice) return;
    await this.#options.restore(model);
    this.#isUnroutedByChoice = true;
    throw new NobodyBound('no queue is bound for events');
  }
}
