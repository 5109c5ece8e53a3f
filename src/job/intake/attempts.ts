import { JobFailure } from '../outcome/job-failure.ts';
import type { Delivery } from '../ports/delivery.ts';
import type { Ports } from '../ports/ports.ts';

/** A message that was begun so often without an end is not begun again: its job may be what kills the worker each time. */
const MOST_ATTEMPTS = 5;

type Counting = Pick<Ports, 'attempts' | 'log'>;

/**
 * Does work that may kill this process, and counts the attempts. Only a message that was delivered before is counted on disk. The
 * count is deleted when the work ends, so only attempts that killed the process are counted.
 *
 * @param hasEnded whether the job has an end, although its last attempt killed the process: another one has settled it
 * @param work gets the number of this attempt, from 1
 * @throws {JobFailure} if there were too many attempts
 */
export async function countAttempt<T>(
  delivery: Delivery,
  ports: Counting,
  hasEnded: () => Promise<boolean>,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  if (!delivery.redelivered) return await work(delivery.attempt);
  const { body } = delivery;
  // The first delivery was not counted.
  const before = Math.max(1, await ports.attempts.count(body).catch(() => 1));
  if (before >= MOST_ATTEMPTS && !(await hasEnded())) {
    const message = `the message was begun ${before} times without an end, and is not begun again: it may be what has ended the worker`;
    // Of stage `decode`: that is what sends a message to the dead letters.
    throw new JobFailure('decode', 'internal', message);
  }
  await ports.attempts.put(body, before + 1).catch(cannotCount(ports));
  return await forgetAttempts(
    delivery,
    ports,
    async () => await work(Math.max(delivery.attempt, before + 1)),
  );
}

/** Does work that ends what a message asks for, after which it counts as never begun. */
export async function forgetAttempts<T>(
  { redelivered, body }: Delivery,
  ports: Counting,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    if (redelivered) await ports.attempts.forget(body).catch(cannotCount(ports));
  }
}

function cannotCount({ log }: Counting) {
  return (error: unknown) => log.warn({ error }, 'Cannot count the attempts at a message');
}
