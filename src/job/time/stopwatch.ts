import type { Timings } from '../../contract/events/timings.ts';

export type TimedStage = Exclude<keyof Timings, 'queueMs' | 'totalMs'>;

/** Measures the milliseconds that each stage of a job takes, by a clock that only goes forward. */
export class Stopwatch {
  readonly #start: number;
  readonly #stages = new Map<TimedStage, number>();

  /** @param alreadyMs how long the job was under way in another process, before this stopwatch took over */
  constructor(alreadyMs = 0) {
    this.#start = performance.now() - alreadyMs;
  }

  async time<T>(stage: TimedStage, work: () => T | Promise<T>): Promise<T> {
    const stop = this.start(stage);
    try {
      return await work();
    } finally {
      stop();
    }
  }

  /** @returns a function that ends the stage */
  start(stage: TimedStage): () => void {
    const start = performance.now();
    return () => {
      this.#stages.set(stage, (this.#stages.get(stage) ?? 0) + performance.now() - start);
    };
  }

  /** Returns the times so far. `queueMs` is right only if the sender's clock, which gave `issuedAt`, agrees with this host's. */
  read(issuedAt: string | null, deliveredAt: string): Timings {
    const stage = (name: TimedStage) => whole(this.#stages.get(name) ?? 0);
    return {
      queueMs: issuedAt === null ? 0 : Math.max(0, Date.parse(deliveredAt) - Date.parse(issuedAt)),
      lockMs: stage('lockMs'),
      snapshotMs: stage('snapshotMs'),
      rehearseMs: stage('rehearseMs'),
      planMs: stage('planMs'),
      applyMs: stage('applyMs'),
      verifyMs: stage('verifyMs'),
      confirmMs: stage('confirmMs'),
      totalMs: whole(performance.now() - this.#start),
    };
  }
}

/** Readers of events may take whole numbers only. What was done at all has taken some time. */
function whole(milliseconds: number): number {
  return milliseconds === 0 ? 0 : Math.max(1, Math.round(milliseconds));
}
