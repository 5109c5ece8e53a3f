import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage, GetMessage } from 'amqplib';
import { WindowLeft } from '../job/ports/confirmation.ts';
import { type Delivery, type Disposition, NotBegun, NotTold } from '../job/ports/delivery.ts';
import type { Log } from '../job/ports/log.ts';
import { deliveryOf } from './delivery-of.ts';

/** A message of the broker, with the channel that it came on. */
export interface Received {
  message: ConsumeMessage | GetMessage;
  channel: Channel;
  /** Aborted once the broker has taken the message back. */
  gone: AbortSignal;
}

export interface HandOnOptions {
  queue: string;
  /** Returns what is to become of the message; a throw leaves it to be delivered again. */
  handle: (delivery: Delivery) => Promise<Disposition>;
  log: Log;
}

/**
 * Hands a message on, and tells the broker what has become of it: nothing else acknowledges one.
 *
 * @returns whether the broker was told; `false`: it is to give the message again
 */
export async function handOn(
  { message, channel, gone }: Received,
  { queue, handle, log }: HandOnOptions,
): Promise<boolean> {
  try {
    const disposition = await handle(deliveryOf(message, gone));
    unlessClosed(() =>
      disposition === 'acknowledge' ? channel.ack(message) : channel.reject(message, false),
    );
    return true;
  } catch (error) {
    if (error instanceof NotBegun || error instanceof NotTold || error instanceof WindowLeft)
      log.debug({ queue, error }, 'A message goes back to its queue');
    else log.warn({ queue, error }, 'A message could not be dealt with now, and goes back to its queue');
    return false;
  }
}

/** Gives a message back to its queue after so many milliseconds, or at once if the broker has taken it back meanwhile. */
export async function giveBack({ message, channel, gone }: Received, afterMs: number): Promise<void> {
  await sleep(gone.aborted ? 0 : afterMs);
  unlessClosed(() => channel.nack(message, false, true));
}

/** On a channel that has closed, a message needs no answer: it will come again. */
function unlessClosed(answer: () => void): void {
  try {
    answer();
  } catch {
    // IllegalOperationError: the channel closed meanwhile.
  }
}
