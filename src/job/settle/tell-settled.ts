import type { Ports } from '../ports/ports.ts';
import type { Settled } from './settle-pending.ts';

/** Publishes the end of a settled change. Does not wait for the broker: the outbox keeps the event until it is confirmed. */
export function tellSettled({ change, end }: Settled, { events, log }: Pick<Ports, 'events' | 'log'>): void {
  if (end === null) return;
  events.publish(end, change.origin.headers).catch((error: unknown) => {
    log.debug({ jobId: end.subject, error }, 'The end of a job that was settled is published later');
  });
}
