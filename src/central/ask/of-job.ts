import type { FleetEvent, JobCompleted } from '../../contract/events/event.ts';
import type { JobAsks } from '../messages/messages.ts';

/**
 * Whether an event under the id of a job is of that job: who knows the id can send a host something else under it, which says nothing of
 * what was asked for. What could not be read has no action, and may be it.
 */
export function isOfJob({ data }: FleetEvent, { action, ruleset }: JobAsks): boolean {
  if (!('action' in data)) return true;
  if (data.action !== null && data.action !== action) return false;
  return data.ruleset === null || ruleset === undefined || isAsked(data.ruleset, ruleset);
}

function isAsked(
  { name, revision }: Pick<NonNullable<JobCompleted['ruleset']>, 'name' | 'revision'>,
  asked: NonNullable<JobAsks['ruleset']>,
): boolean {
  return (asked.name ?? name) === name && (asked.revision ?? revision) === revision;
}
