import type { FleetEvent, JobCompleted } from '../../contract/events/event.ts';
import type { HostEnd, RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import { isRefusal } from '../ask/refusal.ts';
import { isFleetEvent } from '../log/event-reader.ts';

/** How far a host is with a job, as the log of events tells. Times are of the host's clock. */
export interface JobProgress {
  /** When it began the job; `null`: that is not known. */
  readonly startedAt: Date | null;
  /** Until when its change waits to be confirmed; `null`: it does not wait. */
  readonly awaitingUntil: Date | null;
  /** `null`: it has not ended, as far as is known. */
  readonly end: HostEnd | null;
  /** With which words it ended; `null`: it has not, or has no queue on the broker. */
  readonly result: JobCompleted | null;
}

/** What the log of events knows of a job. */
export interface JobState {
  /** Its id. */
  readonly jobId: string;
  /** The rollout that it belongs to; `null`: none, or nothing was heard of it. */
  readonly rolloutId: string | null;
  /** By host: those that were heard of it, and those that a rollout has sent it to. Others may still have it waiting in their queue. */
  readonly hosts: ReadonlyMap<string, JobProgress>;
}

const NOTHING: JobProgress = { startedAt: null, awaitingUntil: null, end: null, result: null };

/** A job, folded from events in the order in which they were logged. */
export class JobReading implements JobState {
  readonly jobId: string;
  rolloutId: string | null = null;
  readonly hosts = new Map<string, JobProgress>();

  constructor(jobId: string) {
    this.jobId = jobId;
  }

  /** @returns whether the event is one that a host has published about this job */
  take(event: FleetEvent | RolloutEvent): event is FleetEvent {
    if (!isFleetEvent(event)) {
      this.#takeRollout(event);
      return false;
    }
    if (!('subject' in event) || event.subject !== this.jobId) return false;
    const { hostId, rolloutId } = event.data;
    this.rolloutId ??= rolloutId;
    if (event.type === 'fleetwall.job.started') {
      this.#set(hostId, { startedAt: new Date(event.time) });
    } else if (event.type === 'fleetwall.job.awaiting_confirmation') {
      this.#set(hostId, { awaitingUntil: new Date(event.data.deadline) });
    } else if (event.type === 'fleetwall.job.completed') {
      // After a start, a refusal is that of another message with this id.
      if (isRefusal(event.data) && (this.hosts.get(hostId)?.startedAt ?? null) !== null) return false;
      this.#set(hostId, { awaitingUntil: null, end: event.data.outcome, result: event.data });
    }
    return true;
  }

  #takeRollout(event: RolloutEvent): void {
    const { type, data } = event;
    if (type === 'fleetwall.rollout.started' && data.jobs.some(({ jobId }) => jobId === this.jobId)) {
      this.rolloutId = data.rolloutId;
    }
    if (data.rolloutId !== this.rolloutId) return;
    if (type === 'fleetwall.rollout.step') for (const host of data.hosts) this.#set(host, {});
    if (type === 'fleetwall.rollout.unroutable')
      for (const host of data.hosts) this.#set(host, { end: 'unroutable' });
  }

  #set(hostId: string, news: Partial<JobProgress>): void {
    this.hosts.set(hostId, { ...(this.hosts.get(hostId) ?? NOTHING), ...news });
  }
}
