import type { FleetEvent, JobCompleted } from '../../contract/events/event.ts';
import type { JobAsks } from '../messages/messages.ts';

/**
 * Whether an event under the id of a job is of that job: who knows the id can send a host something else under it, which says nothing of
 * what was asked for. Of what could not be read, or was refused, only the digest of its bytes tells.
 */
export function isOfJob({ data }: FleetEvent, { action, ruleset, list, digest }: JobAsks): boolean {
  if (!('action' in data)) return true;
  const said = 'messageDigest' in data ? data.messageDigest : undefined;
  if (said !== undefined && digest !== undefined && said !== digest()) return false;
  if (data.action !== null && data.action !== action) return false;
  if (data.list != null && list !== undefined && data.list.name !== list.name) return false;
  return data.ruleset === null || ruleset === undefined || isAsked(data.ruleset, ruleset);
}

function isAsked(
  { name, revision }: Pick<NonNullable<JobCompleted['ruleset']>, 'name' | 'revision'>,
  asked: NonNullable<JobAsks['ruleset']>,
): boolean {
  return (asked.name ?? name) === name && (asked.revision ?? revision) === revision;
}
