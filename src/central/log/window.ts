import type { FleetEvent } from '../../contract/events/event.ts';
import { MAX_CONFIRM_SECONDS } from '../../contract/jobs/job.ts';

type Awaiting = Extract<FleetEvent, { type: 'fleetwall.job.awaiting_confirmation' }>;

/** How long a job waits to be confirmed, by what its host says, but no longer than a job may ask for; in milliseconds. */
export function windowMs({ time, data }: Awaiting): number {
  const said = Date.parse(data.deadline) - Date.parse(time);
  return Number.isNaN(said) ? 0 : Math.min(Math.max(0, said), MAX_CONFIRM_SECONDS * 1000);
}
