import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../contract/jobs/job.ts';
import { isSameId } from '../../contract/words/identifiers.ts';
import { type Disposition, NotBegun, NotTold } from '../ports/delivery.ts';
import { type Choice, chooseRuleset } from './choose-jobs.ts';
import { partition, readyOf } from './ready-jobs.ts';
import {
  type Entry,
  endOf,
  failEntry,
  type JobInHand,
  MADE_POINTLESS_BY,
  type WaitingJob,
  type WaitingOptions,
} from './waiting-job.ts';

const GATHER_MS = 100;
const LAST_CONFIRM_MS = 3_000;

/**
 * Runs the jobs of a host, one at a time and in their order, but for what is chosen before others: of several `apply` jobs of one
 * ruleset, the highest revision. When it is live, the lower ones are superseded; if it fails, the next highest is run.
 */
export class WaitingJobs {
  readonly #options: WaitingOptions;
  #entries: Entry[] = [];
  #isWorking = false;
  #gathering: Promise<void> = Promise.resolve();
  #isStopped = false;
  #aside: Promise<unknown> = Promise.resolve();
  /** Jobs that have ended, and whose event the broker has not confirmed yet. */
  readonly #untold = new Set<Entry>();
  #inHand: JobInHand | null = null;
  #due: (() => Promise<void>)[] = [];
  #running: readonly Entry[] = [];

  constructor(options: WaitingOptions = { choose: chooseRuleset }) {
    this.#options = options;
  }

  /** How many jobs wait for their turn. */
  get size(): number {
    return this.#entries.length;
  }

  /** The job that is being run; `null`: none. */
  get inHand(): JobInHand | null {
    return this.#inHand;
  }

  /**
   * Puts a job in the queue. Resolves when the job has ended, and the broker knows of its end.
   *
   * @throws {NotBegun} if the job was not begun: the worker stops, or the broker has taken the message back
   * @throws {NotTold} if the worker stops before the broker knows of its end
   */
  async take(waiting: WaitingJob): Promise<Disposition> {
    return await new Promise((resolve, fail) => {
      if (this.#isStopped) return fail(new NotBegun('the worker stops'));
      let leave = () => {};
      const left = new Promise<void>((resolveLeft) => {
        leave = resolveLeft;
      });
      const entry = { ...waiting, isReady: waiting.after === undefined, left, leave, resolve, fail };
      this.#entries.push(entry);
      if (!this.#isWorking) void this.#work();
      if (!entry.isReady) void this.#beginLater(entry);
    });
  }

  async #beginLater(entry: Entry): Promise<void> {
    await entry.after;
    entry.isReady = true;
    if (!this.#isWorking) void this.#work();
  }

  isInHand(jobId: string): boolean {
    return this.#running.some(({ job }) => isSameId(job.id, jobId));
  }

  /** Resolves when the jobs that are here now have ended. @returns `undefined` if none of these is here */
  ended(which: (job: Job) => boolean): Promise<unknown> | undefined {
    const here = [...this.#entries, ...this.#running].filter(({ job }) => which(job));
    return here.length === 0 ? undefined : Promise.all(here.map(({ left }) => left));
  }

  /**
   * Does work that is not a job while no job is run. Jobs that come during the work wait for it.
   *
   * @returns `undefined` if a job is being run; then the work was not done
   */
  async between<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#isWorking) return undefined;
    const done = work();
    this.#aside = done.catch(() => {});
    return await done;
  }

  /**
   * Does work that is not a job before another job is begun, once the one in hand has ended. However many jobs wait, its turn comes.
   *
   * @returns `undefined` if the worker stops; then the work was not done
   */
  async beforeNext<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#isStopped) return undefined;
    if (!this.#isWorking) {
      const done = work();
      this.#aside = Promise.allSettled([this.#aside, done]);
      return await done;
    }
    return await new Promise<T | undefined>((resolve, fail) => {
      this.#due.push(async () => {
        if (this.#isStopped) return resolve(undefined);
        await work().then(resolve, fail);
      });
    });
  }

  /** Makes the next jobs wait for 100 ms, so that messages which waited at the broker are here together before one is chosen. */
  gather(): void {
    this.#gathering = sleep(GATHER_MS);
  }

  /** Ends a job that waits, if it was cancelled. @returns whether it waited */
  async endCancelled(jobId: string): Promise<boolean> {
    const entries = this.#entries.filter(({ job }) => isSameId(job.id, jobId));
    for (const entry of entries) await this.#endCancelled(entry);
    return entries.length > 0;
  }

  /** Begins no more jobs. */
  stop(): void {
    this.#isStopped = true;
    for (const entry of this.#entries.splice(0)) failEntry(entry, new NotBegun('the worker stops'));
    this.#giveUpSoon();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    await Promise.all([this.#gathering, this.#aside]);
    // Lets jobs that came at the same moment get into the queue before one is chosen.
    await setImmediate();
    for (;;) {
      for (const work of this.#due.splice(0)) await work();
      if (this.#options.before !== undefined) await this.#options.before();
      await this.#options.turn?.take();
      const next = this.#next();
      if (next !== null) await this.#run(next);
      this.#options.turn?.leave();
      if (next === null) break;
    }
    this.#isWorking = false;
  }

  #next(): Choice<Entry> | null {
    const [gone, there] = partition(this.#entries, (entry) => entry.isGone());
    this.#entries = there;
    for (const entry of gone) failEntry(entry, new NotBegun('the broker has taken it back'));
    const [first, ...others] = readyOf(this.#entries);
    return first === undefined || this.#isStopped ? null : this.#options.choose([first, ...others]);
  }

  async #run({ run, rivals }: Choice<Entry>): Promise<void> {
    const [first] = run;
    if (first === undefined) return;
    this.#entries = this.#entries.filter((entry) => !run.includes(entry));
    this.#running = run;
    this.#inHand = { job: first.job, since: performance.now() };
    const places = run.length === 1 ? [] : (this.#options.together?.(run.length) ?? []);
    const ends = await Promise.all(run.map((entry, index) => endOf(entry, places[index])));
    this.#running = [];
    this.#inHand = null;
    for (const { entry, done, error } of ends) {
      if (done === null) failEntry(entry, error);
      else this.#answer(entry, done.disposition);
    }
    if (!ends.every(({ done }) => done !== null && MADE_POINTLESS_BY.has(done.outcome))) return;
    for (const rival of rivals) await this.#supersede(rival);
  }

  async #supersede(rival: Entry): Promise<void> {
    if (!this.#entries.includes(rival)) return;
    this.#entries = this.#entries.filter((entry) => entry !== rival);
    try {
      this.#answer(rival, (await rival.supersede()).disposition);
    } catch (error) {
      failEntry(rival, error);
    }
  }

  /** It is out of the line while it is looked at, so that it is not begun meanwhile; if it was not cancelled, it is put back. */
  async #endCancelled(entry: Entry): Promise<void> {
    const place = this.#entries.indexOf(entry);
    if (place < 0) return;
    this.#entries = this.#entries.filter((other) => other !== entry);
    try {
      const done = await entry.cancel();
      if (done !== null) return this.#answer(entry, done.disposition);
      if (this.#isStopped) return failEntry(entry, new NotBegun('the worker stops'));
      this.#entries.splice(Math.min(place, this.#entries.length), 0, entry);
      if (!this.#isWorking) void this.#work();
    } catch (error) {
      failEntry(entry, error);
    }
  }

  #answer(entry: Entry, disposition: Promise<Disposition>): void {
    entry.leave();
    this.#untold.add(entry);
    void disposition.then(entry.resolve, entry.fail).finally(() => this.#untold.delete(entry));
    if (this.#isStopped) this.#giveUpSoon();
  }

  /** A worker that stops does not wait for a broker that may not answer for long. */
  #giveUpSoon(): void {
    setTimeout(() => {
      for (const entry of this.#untold) entry.fail(new NotTold('the worker stops'));
    }, LAST_CONFIRM_MS).unref();
  }
}
