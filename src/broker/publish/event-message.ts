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
  return {
    exchange: EVENTS_EXCHANGE,
    key: eventKey(event.data.hostId, event.type, outcome),
    body: Buffer.from(JSON.stringify(event)),
    contentType: 'application/cloudevents+json',
    messageId: event.id,
    headers: {
      ...headers,
      'ce-id': event.id,
      'ce-type': event.type,
      'ce-source': event.source,
      ...('subject' in event ? { 'ce-subject': event.subject } : {}),
    },
    properties: { type: event.type, ...(user === undefined ? {} : { userId: user }) },
  };
}
