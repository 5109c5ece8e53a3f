import type { FleetEvent } from '../../contract/events/event.ts';

/** How a change proves that it does no harm. Implemented in worker/. */
export interface Confirmation {
  /**
   * Resolves if a new connection to the broker can be made, as it must be possible after the change, too.
   *
   * @throws {Error} that says why not
   */
  assertReachable(): Promise<void>;
  /**
   * Everything that must work after the change: the host's own probes, and a new connection to the broker that publishes the
   * event.
   */
  probes(event: FleetEvent, headers: Record<string, string>): Probe[];
  answers: Answers;
}

/** Tries once. Returns why it failed, in words, or `null` if it succeeded. */
export type Probe = (limitMs: number) => Promise<string | null>;

/** A job that waits for an answer. */
export interface Answerable extends Subject {
  jobId: string;
}

/** What a job is about, by its name: who answers the job must have a right to that. */
export interface Subject {
  ruleset?: string;
  list?: string;
}

/** Where a person's answer (confirm or abort) comes from. */
export interface Answers {
  /** Whether another process may go on waiting for the answer. */
  readonly resumable: boolean;
  /** Makes an answer for the job count from now on, even if it comes before {@link wait} is called. */
  expect(job: Answerable): void;
  /** Waits for the answer until `deadlineMs` of the monotonic clock. @throws {WindowLeft} if the worker must stop before that */
  wait(job: Answerable, deadlineMs: number): Promise<Answer>;
  /** Expects no answer for the job any more, such as where nothing of its change is left. */
  forget(jobId: string): void;
}

export type Answer = 'confirm' | 'abort' | 'none';

/** The process that waits for an answer must stop. The change stays applied, and the next process goes on waiting. */
export class WindowLeft extends Error {
  override readonly name = 'WindowLeft';
}

/** The answers of a process that receives no messages: waiting fails at once. */
export const NO_ANSWERS: Answers = {
  resumable: false,
  expect: () => {},
  forget: () => {},
  wait: async ({ jobId }) => {
    throw new WindowLeft(`job ${jobId} waits for an answer`);
  },
};
