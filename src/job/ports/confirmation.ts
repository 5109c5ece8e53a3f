import type { FleetEvent } from '../../contract/event.ts';

/** How a change proves that it does no harm: implemented in worker/. */
export interface Confirmation {
  /**
   * That the broker can be had by a new connection, as it has to be after the change, too.
   *
   * @throws {Error} that says why not
   */
  assertReachable(): Promise<void>;
  /** All that has to work: a new connection to the broker, which the event is published through, and the host's own probes. */
  probes(event: FleetEvent, headers: Record<string, string>): Probe[];
  answers: Answers;
}

/** Tried once: why it failed, in words; `null` if it did not. */
export type Probe = (limitMs: number) => Promise<string | null>;

/** Where the answer of a person comes from. */
export interface Answers {
  /** Whether another process may go on waiting for it. */
  readonly resumable: boolean;
  /** From now on an answer for the job counts, also if it comes before it is waited for. */
  expect(jobId: string): void;
  /** Waits for it until `deadlineMs` by the monotonic clock. @throws {WindowLeft} if the worker is to stop meanwhile */
  wait(jobId: string, deadlineMs: number): Promise<Answer>;
}

export type Answer = 'confirm' | 'abort' | 'none';

/** The process that waits for an answer is to stop. The change stays as it is: the next one goes on waiting. */
export class WindowLeft extends Error {
  override readonly name = 'WindowLeft';
}

/** For a process that hears no messages. */
export const NO_ANSWERS: Answers = {
  resumable: false,
  expect: () => {},
  wait: async (jobId) => {
    throw new WindowLeft(`job ${jobId} waits for an answer`);
  },
};
