import type { FleetEvent } from '../../contract/events/event.ts';
import { EVENTS_EXCHANGE, eventKey } from '../../contract/words/names.ts';
import type { OutgoingMessage } from './publish-channel.ts';

/**
 * An event as a message.
 *
 * @param user the publisher's name at the broker, which refuses that of another; `undefined`: only the broker knows it
 */
export function eventMessage(
  event: FleetEvent,
  headers: Record<string, unknown>,
  user: string | undefined,
): OutgoingMessage {
  const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
  const key = eventKey(event.data.hostId, event.type, outcome);
  return cloudEventMessage(EVENTS_EXCHANGE, key, event, {
    headers,
    ...(user === undefined ? {} : { userId: user }),
  });
}

interface CloudEvent {
  id: string;
  type: string;
  source: string;
  subject?: string;
}

/** A CloudEvent in its structured form as a message, which repeats in its headers what a router may want to know of it. */
export function cloudEventMessage(
  exchange: string,
  key: string,
  event: CloudEvent,
  { headers = {}, ...properties }: { headers?: Record<string, unknown>; userId?: string } = {},
): OutgoingMessage {
  const { id, type, source, subject } = event;
  return {
    exchange,
    key,
    body: Buffer.from(JSON.stringify(event)),
    contentType: 'application/cloudevents+json',
    messageId: id,
    headers: {
      ...headers,
      'ce-id': id,
      'ce-type': type,
      'ce-source': source,
      ...(subject === undefined ? {} : { 'ce-subject': subject }),
    },
    properties: { type, ...properties },
  };
}
