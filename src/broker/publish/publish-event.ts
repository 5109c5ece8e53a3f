import type { ConfirmChannel } from 'amqplib';
import type { FleetEvent } from '../../contract/event.ts';
import { EVENTS_EXCHANGE, eventKey } from '../../contract/names.ts';

/** The event was not confirmed: the connection is down, the broker said no, or nothing came in time. */
export class PublishFailed extends Error {
  override readonly name: string = 'PublishFailed';
}

/** The broker has neither confirmed nor refused the event. */
export class NoConfirm extends PublishFailed {}

/** The broker has confirmed the event, but no queue is bound for it. */
export class NobodyBound extends PublishFailed {}

/** Publishes an event, and waits for the broker's confirm. @throws {PublishFailed} */
export async function publishEvent(
  channel: ConfirmChannel,
  event: FleetEvent,
  headers: Record<string, unknown>,
  { limitMs, user }: { limitMs: number; user: string | undefined },
): Promise<void> {
  const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
  const key = eventKey(event.data.hostId, event.type, outcome);
  const content = Buffer.from(JSON.stringify(event));
  await confirmed(limitMs, (done) =>
    channel.publish(EVENTS_EXCHANGE, key, content, propertiesOf(event, headers, user), done),
  );
}

function propertiesOf(event: FleetEvent, headers: Record<string, unknown>, user: string | undefined) {
  return {
    persistent: true,
    mandatory: true,
    contentType: 'application/cloudevents+json',
    messageId: event.id,
    type: event.type,
    // The broker refuses a message with the name of another user here.
    ...(user === undefined ? {} : { userId: user }),
    headers: {
      ...headers,
      'ce-id': event.id,
      'ce-type': event.type,
      'ce-source': event.source,
      ...('subject' in event ? { 'ce-subject': event.subject } : {}),
    },
  };
}

/** Waits for the confirm for a limited time: on a connection that is open but dead, it would never come. */
export async function confirmed(
  limitMs: number,
  send: (done: (error: unknown) => void) => boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new NoConfirm(`the broker did not confirm the event within ${limitMs / 1000} s`)),
      limitMs,
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
