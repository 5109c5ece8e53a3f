import { ACCESS_REFUSED, replyCode } from './connection/reply-codes.ts';

/** Somebody else consumes the queue: on classic queues the broker says so, on quorum queues who looks. */
export class ConsumedElsewhere extends Error {
  override readonly name = 'ConsumedElsewhere';
}

export function isConsumedElsewhere(error: unknown): boolean {
  const isExclusive = replyCode(error) === ACCESS_REFUSED && (error as Error).message.includes('exclusive');
  return error instanceof ConsumedElsewhere || isExclusive;
}
