import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../contract/event.ts';
import type { ApplyJob, Job } from '../../contract/job.ts';
import { type Disposition, NotBegun, NotTold } from '../ports/delivery.ts';
import { isExpired } from './admit.ts';

/** How a job ended, and what the broker must do with its message. */
export interface Done {
  outcome: Outcome;
  /** Known once the broker has confirmed the event of the job's end. Other jobs do not wait for that. */
  disposition: Promise<Disposition>;
}

/** A job that waits for its turn. */
interface WaitingJob {
  job: Job;
  /** Runs the job to its end, and publishes that. */
  run: () => Promise<Done>;
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

interface Entry extends WaitingJob {
  resolve: (disposition: Disposition) => void;
  fail: (error: unknown) => void;
}

const GATHER_MS = 100;
const LAST_CONFIRM_MS = 3_000;
const MADE_POINTLESS_BY = new Set<Outcome>(['applied', 'unchanged']);

/**
 * Runs the jobs of a host, one at a time and in their order, with one exception. If several `apply` jobs of one ruleset wait, the
 * highest revision is run first. When it is live, the lower ones are superseded; if it fails, the next highest is run.
 */
export class WaitingJobs {
  #entries: Entry[] = [];
  #isWorking = false;
  #gathering: Promise<void> = Promise.resolve();
  #isStopped = false;
  #aside: Promise<unknown> = Promise.resolve();
  /** Jobs that have ended, and whose event the broker has not confirmed yet. */
  readonly #untold = new Set<Entry>();
  #inHand: JobInHand | null = null;

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
      this.#entries.push({ ...waiting, resolve, fail });
      if (!this.#isWorking) void this.#work();
    });
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

  /** Makes the next jobs wait for 100 ms, so that messages which waited at the broker are here together before one is chosen. */
  gather(): void {
    this.#gathering = sleep(GATHER_MS);
  }

  /** Ends a job that waits, if it was cancelled. @returns whether it waited */
  async endCancelled(jobId: string): Promise<boolean> {
    const entries = this.#entries.filter(({ job }) => job.id.toLowerCase() === jobId.toLowerCase());
    for (const entry of entries) await this.#endCancelled(entry);
    return entries.length > 0;
  }

  /** Begins no more jobs. */
  stop(): void {
    this.#isStopped = true;
    for (const entry of this.#entries.splice(0)) entry.fail(new NotBegun('the worker stops'));
    this.#giveUpSoon();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    await Promise.all([this.#gathering, this.#aside]);
    // Lets jobs that came at the same moment get into the queue before one is chosen.
    await setImmediate();
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#run(next);
    this.#isWorking = false;
  }

  #next(): Entry | undefined {
    const [gone, there] = partition(this.#entries, (entry) => entry.isGone());
    this.#entries = there;
    for (const entry of gone) entry.fail(new NotBegun('the broker has taken it back'));
    const [first] = this.#entries;
    if (first === undefined || this.#isStopped) return undefined;
    return this.#rivalsOf(first).reduce(
      (best, entry) => (revisionOf(entry) > revisionOf(best) ? entry : best),
      first,
    );
  }

  async #run(chosen: Entry): Promise<void> {
    const rivals = this.#rivalsOf(chosen).filter((entry) => revisionOf(entry) < revisionOf(chosen));
    this.#entries = this.#entries.filter((entry) => entry !== chosen);
    this.#inHand = { job: chosen.job, since: performance.now() };
    try {
      const { outcome, disposition } = await chosen.run();
      this.#answer(chosen, disposition);
      if (!MADE_POINTLESS_BY.has(outcome)) return;
    } catch (error) {
      chosen.fail(error);
      return;
    } finally {
      this.#inHand = null;
    }
    for (const rival of rivals) await this.#supersede(rival);
  }

  async #supersede(rival: Entry): Promise<void> {
    if (!this.#entries.includes(rival)) return;
    this.#entries = this.#entries.filter((entry) => entry !== rival);
    try {
      this.#answer(rival, (await rival.supersede()).disposition);
    } catch (error) {
      rival.fail(error);
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
      if (this.#isStopped) return entry.fail(new NotBegun('the worker stops'));
      this.#entries.splice(Math.min(place, this.#entries.length), 0, entry);
      if (!this.#isWorking) void this.#work();
    } catch (error) {
      entry.fail(error);
    }
  }

  #answer(entry: Entry, disposition: Promise<Disposition>): void {
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

  /**
   * All jobs that wait to apply the same ruleset, this one included. A job that demands a certain revision or content
   * (`ifRevision`, `ifDigest`) has no rivals: it keeps its place.
   */
  #rivalsOf(entry: Entry): Entry[] {
    const name = replaceable(entry.job)?.ruleset.name;
    return name === undefined
      ? [entry]
      : this.#entries.filter((other) => replaceable(other.job)?.ruleset.name === name);
  }
}

function replaceable(job: Job): ApplyJob | null {
  if (job.action !== 'apply') return null;
  const { ifRevision, ifDigest } = job.ruleset;
  if (ifRevision !== undefined || ifDigest !== undefined) return null;
  return isExpired(job, new Date()) ? null : job;
}

function revisionOf({ job }: Entry): number {
  return replaceable(job)?.ruleset.revision ?? 0;
}

function partition<T>(list: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}
