import type { ConsumeMessage, GetMessage } from 'amqplib';
import type { Delivery } from '../job/ports/delivery.ts';

/** A message as the rest of the worker knows it. */
export function deliveryOf(
  { content, fields, properties }: ConsumeMessage | GetMessage,
  gone: AbortSignal,
): Delivery {
  const headers: Record<string, unknown> = properties.headers ?? {};
  return {
    body: content,
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    messageId: text(properties.messageId),
    redelivered: fields.redelivered,
    attempt: fields.redelivered ? attemptAgain(headers['x-delivery-count']) : 1,
    headers,
    gone,
  };
}

/**
 * A quorum queue says how often it has delivered the message before. Where it does not, the header is the sender's, who may have
 * written anything.
 */
function attemptAgain(earlier: unknown): number {
  const attempt = typeof earlier === 'number' ? earlier + 1 : 2;
  return Number.isSafeInteger(attempt) && attempt > 2 ? attempt : 2;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
