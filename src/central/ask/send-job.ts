import type { FleetLink } from '../../broker/fleet-link.ts';
import type { Routed } from '../../broker/publish/publish-channel.ts';
import type { PreparedMessage } from '../messages/messages.ts';

interface Sent {
  message: PreparedMessage;
  exchange: string;
  key: string;
}

/** What ends it: as an error, or because nobody needs the broker's confirm any more, as the host that it is for has answered. */
type Until = { signal: AbortSignal | undefined } | { enough: AbortSignal };

/** Publishes a job until the broker has it. @throws as {@link FleetLink.publish} */
export async function sendJob(
  link: Pick<FleetLink, 'publish'>,
  { message, exchange, key }: Sent,
  until: Until,
): Promise<Routed> {
  const { body, contentType, contentEncoding, jobId: messageId } = message;
  const encoded = contentEncoding === undefined ? {} : { properties: { contentEncoding } };
  const outgoing = { exchange, key, body, contentType, messageId, ...encoded };
  if (!('enough' in until)) return await link.publish(outgoing, until.signal);
  try {
    return await link.publish(outgoing, until.enough);
  } catch (error) {
    if (until.enough.aborted) return 'routed';
    throw error;
  }
}
