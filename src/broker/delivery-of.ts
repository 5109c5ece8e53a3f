import type { ConsumeMessage } from 'amqplib';
import type { Delivery } from '../job/ports/delivery.ts';

/** A message as the rest of the worker knows it. */
export function deliveryOf({ content, fields, properties }: ConsumeMessage, gone: AbortSignal): Delivery {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const earlier = headers['x-delivery-count'];
  const count = typeof earlier === 'number' ? earlier : fields.redelivered ? 1 : 0;
  return {
    body: content,
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    messageId: text(properties.messageId),
    redelivered: fields.redelivered,
    attempt: count + 1,
    headers,
    gone,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
