import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { FleetEvent } from '../contract/event.ts';
import { EVENTS_EXCHANGE, eventKey } from '../contract/names.ts';
import type { EventPublisher } from '../job/ports.ts';

const CONFIRM_TIMEOUT_MS = 15_000;

/** The event was not confirmed: the connection is down, the broker said no, or nothing came in time. */
class PublishFailed extends Error {
  override readonly name = 'PublishFailed';
}

/** Publishes events with confirms, on a channel that is made anew for each connection. */
export class ConfirmedPublisher implements EventPublisher {
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;

  async open(model: ChannelModel): Promise<void> {
    this.#model = model;
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    channel.on('close', () => {
      if (this.#channel === channel) this.#channel = null;
    });
    this.#channel = channel;
  }

  async publish(event: FleetEvent, headers: Record<string, unknown> = {}): Promise<void> {
    const channel = await this.#ready();
    const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
    const key = eventKey(event.data.hostId, event.type, outcome);
    await confirmed((done) =>
      channel.publish(
        EVENTS_EXCHANGE,
        key,
        Buffer.from(JSON.stringify(event)),
        propertiesOf(event, headers),
        done,
      ),
    );
  }

  /** The broker closes a channel for one wrong word, such as an exchange that is gone: then there is another. */
  async #ready(): Promise<ConfirmChannel> {
    try {
      if (this.#channel === null && this.#model !== null) await this.open(this.#model);
    } catch (error) {
      throw new PublishFailed('there is no connection to the broker', { cause: error });
    }
    if (this.#channel === null) throw new PublishFailed('there is no connection to the broker yet');
    return this.#channel;
  }
}

function propertiesOf(event: FleetEvent, headers: Record<string, unknown>) {
  return {
    persistent: true,
    contentType: 'application/cloudevents+json',
    messageId: event.id,
    type: event.type,
    headers: {
      ...headers,
      'ce-id': event.id,
      'ce-type': event.type,
      'ce-source': event.source,
      ...('subject' in event ? { 'ce-subject': event.subject } : {}),
    },
  };
}

/** A confirm can be late for ever on a connection that is open and dead. */
async function confirmed(send: (done: (error: unknown) => void) => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new PublishFailed(`the broker did not confirm the event within ${CONFIRM_TIMEOUT_MS / 1000} s`),
        ),
      CONFIRM_TIMEOUT_MS,
    );
    const done = (error: unknown) => {
      clearTimeout(timer);
      if (error === null || error === undefined) resolve();
      else reject(new PublishFailed('the broker did not take the event', { cause: error }));
    };
    try {
      send(done);
    } catch (error) {
      done(error);
    }
  });
}
