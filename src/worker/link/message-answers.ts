import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Answerable, type Answers, WindowLeft } from '../../job/ports/confirmation.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';

const NOBODY: Answer = 'none';

/** Answers that come as messages: for one job at a time, as no two changes are open at once. */
export class MessageAnswers implements Answers {
  readonly resumable = true;
  readonly #stop: AbortSignal;
  #expected: { job: Answerable; answer: Promise<Answer>; give: (answer: Answer) => void } | null = null;

  /** @param stop aborted when the worker is to stop */
  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  /** The id of the job that waits for an answer; `null`: none does. */
  get pending(): string | null {
    return this.#expected?.job.jobId ?? null;
  }

  /** The ruleset of a job, if that job waits for an answer. */
  rulesetOf(jobId: string): string | undefined {
    const job = this.#expected?.job;
    return job?.jobId.toLowerCase() === jobId.toLowerCase() ? job.ruleset : undefined;
  }

  expect(job: Answerable): void {
    if (this.#expected?.job.jobId === job.jobId) return;
    let give: (answer: Answer) => void = () => {};
    const answer = new Promise<Answer>((resolve) => {
      give = resolve;
    });
    this.#expected = { job, answer, give };
  }

  /** Answers a job. @returns whether the job waits for an answer */
  give(jobId: string, answer: 'confirm' | 'abort'): boolean {
    if (this.rulesetOf(jobId) === undefined) return false;
    this.#expected?.give(answer);
    return true;
  }

  async wait(job: Answerable, deadlineMs: number): Promise<Answer> {
    this.expect(job);
    const late = new AbortController();
    const signal = AbortSignal.any([late.signal, this.#stop]);
    const time = sleep(Math.max(0, deadlineMs - monotonicMs()), NOBODY, { signal }).catch(() => null);
    const answer = await Promise.race([this.#expected?.answer ?? NOBODY, time]);
    late.abort();
    if (answer === null) throw new WindowLeft(`job ${job.jobId} still waits to be confirmed`);
    this.#expected = null;
    return answer;
  }
}
