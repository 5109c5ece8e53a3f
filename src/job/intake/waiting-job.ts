import type { Outcome } from '../../contract/events/event.ts';
import type { Job } from '../../contract/jobs/job.ts';
import type { Disposition } from '../ports/delivery.ts';
import type { Turn } from '../time/turn.ts';
import type { Choice } from './choose-jobs.ts';
import type { BatchPlace } from './list-batch.ts';

/** How a job ended, and what the broker must do with its message. */
export interface Done {
  outcome: Outcome;
  /** Known once the broker has confirmed the event of the job's end. Other jobs do not wait for that. */
  disposition: Promise<Disposition>;
}

/** A job that waits for its turn. */
export interface WaitingJob {
  job: Job;
  /** How many entries of a list it has; `job` itself may be without them. */
  entries?: number;
  /** It is not begun before that, and keeps no other from it. It does not reject. */
  after?: Promise<unknown> | undefined;
  /** Runs the job to its end, and publishes that; together with others, if it has a place among them. */
  run: (batch?: BatchPlace) => Promise<Done>;
  /** Ends the job without running it, as a newer job has made it pointless. */
  supersede: () => Promise<Done>;
  /** Ends the job without running it, if it was cancelled; `null`: it was not. */
  cancel: () => Promise<Done | null>;
  /** Whether the broker has taken the message back. It will deliver it again. */
  isGone: () => boolean;
}

export interface JobInHand {
  job: Job;
  /** When the job was begun: `performance.now()`, in milliseconds. */
  since: number;
}

export interface Entry extends WaitingJob {
  /** What it had to wait for besides its turn is over. */
  isReady: boolean;
  /** Resolves when it has ended, or is not begun any more. */
  left: Promise<void>;
  leave: () => void;
  resolve: (disposition: Disposition) => void;
  fail: (error: unknown) => void;
}

export interface WaitingOptions {
  choose: (entries: readonly [Entry, ...Entry[]]) => Choice<Entry>;
  /** The places of jobs that are run together. */
  together?: (count: number) => readonly BatchPlace[];
  /** Waits until jobs may be begun. */
  before?: () => Promise<void>;
  /** Shared with others that wait: one of them works at a time. What comes until it is this one's turn is chosen from, too. */
  turn?: Pick<Turn, 'take' | 'leave'>;
}

/** How a job ends that makes others pointless. */
export const MADE_POINTLESS_BY = new Set<Outcome>(['applied', 'unchanged']);

/** @returns without `done`: it has not ended */
export async function endOf(
  entry: Entry,
  place: BatchPlace | undefined,
): Promise<{ entry: Entry; done: Done | null; error: unknown }> {
  try {
    return { entry, done: await entry.run(place), error: null };
  } catch (error) {
    return { entry, done: null, error };
  } finally {
    place?.leave();
  }
}

export function failEntry(entry: Entry, error: unknown): void {
  entry.leave();
  entry.fail(error);
}
