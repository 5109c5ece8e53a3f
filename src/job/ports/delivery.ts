/** A message as the broker delivered it. Nothing in it can be trusted. */
export interface Delivery {
  body: Uint8Array;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  messageId: string | undefined;
  redelivered: boolean;
  /**
   * How often the broker has delivered this message, this time included: a whole number from 1. Where it only says "again", that counts
   * as the second.
   */
  attempt: number;
  headers: Record<string, unknown>;
  /** Aborted when the broker has taken the message back. The broker will deliver it again, whatever the worker answers. */
  gone: AbortSignal;
}

/** What the broker must do with a delivery: forget it, or move it to the dead letters. */
export type Disposition = 'acknowledge' | 'dead-letter';

/** The worker has not begun the job of this message. The broker must deliver the message again. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/** The job has ended, but that cannot be told now, or the broker has not confirmed the event of it. It must deliver the message again. */
export class NotTold extends Error {
  override readonly name = 'NotTold';
}
