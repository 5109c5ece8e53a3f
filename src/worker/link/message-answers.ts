import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  type Answerable,
  type Answers,
  type Subject,
  WindowLeft,
} from '../../job/ports/confirmation.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';

const NOBODY: Answer = 'none';

interface Expected {
  job: Answerable;
  answer: Promise<Answer>;
  give: (answer: Answer) => void;
}

/** Answers that come as messages. A job of a ruleset and one of a list may wait at the same time. */
export class MessageAnswers implements Answers {
  readonly resumable = true;
  readonly #stop: AbortSignal;
  readonly #expected = new Map<string, Expected>();

  /** @param stop aborted when the worker is to stop */
  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  /** The id of the job that waits for an answer, the first of them; `null`: none does. */
  get pending(): string | null {
    const [first] = this.#expected.values();
    return first?.job.jobId ?? null;
  }

  /** What a job is about, if that job waits for an answer. */
  subjectOf(jobId: string): Subject | undefined {
    return this.#expected.get(jobId.toLowerCase())?.job;
  }

  expect(job: Answerable): void {
    const id = job.jobId.toLowerCase();
    if (this.#expected.has(id)) return;
    let give: (answer: Answer) => void = () => {};
    const answer = new Promise<Answer>((resolve) => {
      give = resolve;
    });
    this.#expected.set(id, { job, answer, give });
  }

  forget(jobId: string): void {
    this.#expected.delete(jobId.toLowerCase());
  }

  /** Answers a job. @returns whether the job waits for an answer */
  give(jobId: string, answer: 'confirm' | 'abort'): boolean {
    const expected = this.#expected.get(jobId.toLowerCase());
    expected?.give(answer);
    return expected !== undefined;
  }

  async wait(job: Answerable, deadlineMs: number): Promise<Answer> {
    this.expect(job);
    const id = job.jobId.toLowerCase();
    const late = new AbortController();
    const signal = AbortSignal.any([late.signal, this.#stop]);
    const time = sleep(Math.max(0, deadlineMs - monotonicMs()), NOBODY, { signal }).catch(() => null);
    const answer = await Promise.race([this.#expected.get(id)?.answer ?? NOBODY, time]);
    late.abort();
    if (answer === null) throw new WindowLeft(`job ${job.jobId} still waits to be confirmed`);
    this.#expected.delete(id);
    return answer;
  }
}
