import type { JobCompletedEvent } from '../../contract/events/event.ts';
import type { Job } from '../../contract/jobs/job.ts';
import { isListJob } from '../../contract/jobs/list-job.ts';
import { JobFailure } from '../outcome/job-failure.ts';

/**
 * Whether the end that is remembered under the id of a job is its own. Whoever may ask for anything can do so under an id that another has
 * chosen: that one would else get the end of what he has not asked for, such as an `unchanged` of another ruleset. Crashes are settled by
 * the ids of jobs, too, so the later job cannot be run under that id either.
 */
export function isOwnEnd(job: Job, { data: { action, ruleset, list } }: JobCompletedEvent): boolean {
  if (action !== null && action !== job.action) return false;
  if (isListJob(job)) return isAbout(list, job.list);
  return job.action === 'report' || isAbout(ruleset, job.ruleset);
}

/** Why a job is refused under whose id another has ended. */
export function idIsTaken({ data: { action, ruleset, list } }: JobCompletedEvent): JobFailure {
  const about = list ?? ruleset;
  const other = about === null ? action : `${action} of ${about.name} revision ${about.revision}`;
  const message = `its id is that of another job, which has ended here (${other}): each job needs an id of its own`;
  return new JobFailure('decode', 'job_malformed', message);
}

/** An end need not say what it is about: nothing could be read of it then. */
function isAbout(told: Revised | null | undefined, asked: Revised): boolean {
  return told == null || (told.name === asked.name && told.revision === asked.revision);
}

interface Revised {
  name: string;
  revision: number;
}
