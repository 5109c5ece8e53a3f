/** A message as the broker delivered it. Nothing in it is to be trusted. */
export interface Delivery {
  body: Uint8Array;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  messageId: string | undefined;
  redelivered: boolean;
  /** How often the broker has delivered it, this time included, as far as it tells. */
  attempt: number;
  headers: Record<string, unknown>;
  /** Aborted once the broker has taken it back: it will come again, whatever is answered. */
  gone: AbortSignal;
}

/** What the broker is to do with a delivery: it is done with, or it goes to the dead letters. */
export type Settlement = 'acknowledge' | 'dead-letter';

/** The message was not begun, and is to be delivered again. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
}
