import type { Job, RollbackJob } from '../../contract/jobs/job.ts';
import { isListJob } from '../../contract/jobs/list-job.ts';
import { chooseList, chooseRuleset } from '../../job/intake/choose-jobs.ts';
import { newBatch } from '../../job/intake/list-batch.ts';
import type { JobInHand, WaitingJob } from '../../job/intake/waiting-job.ts';
import { WaitingJobs } from '../../job/intake/waiting-jobs.ts';
import type { JobRun } from '../../job/outcome/job-run.ts';
import type { Disposition } from '../../job/ports/delivery.ts';
import { Turn } from '../../job/time/turn.ts';

/** Names that rules have for lists. */
const LIST_NAMES = /\bfw[46]\.([a-z0-9-]+)/g;
/** For messages that waited at the broker, as {@link WaitingJobs.gather} has it. */
const GATHER_MS = 100;

export interface LanesOptions {
  /** Runs several jobs of one list together. */
  runLists: (runs: readonly JobRun[]) => Promise<void>;
  /** The texts of the rules that a rollback may go back to. */
  earlier: (job: RollbackJob) => Promise<string[]>;
  /** Told of each job of a list that comes while another one of that list is not over. */
  onWaiting?: (job: Job, list: string) => void;
}

/**
 * The jobs of a host that wait for their turn: those of rulesets, and beside them those of each list. An address is blocked at once,
 * however long a ruleset or another list waits to be confirmed. A ruleset that matches lists waits for their jobs that came before it, and
 * keeps no other waiting.
 */
export class JobLanes {
  readonly #options: LanesOptions;
  /** Those of which a job is here. Their jobs do their work one at a time, so that not all of them are in memory. */
  readonly #lists = new Map<string, WaitingJobs>();
  readonly #users = new Map<string, number>();
  readonly #turn = new Turn();
  readonly #rulesets: WaitingJobs;
  #heldUntil: Promise<unknown> = Promise.resolve();
  readonly #heldLists = new Map<string, Promise<unknown>>();
  #gatheredMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#rulesets = new WaitingJobs({
      choose: chooseRuleset,
      before: async () => void (await this.#heldUntil),
    });
  }

  /** As {@link Turn.aside}, for a job of a list. */
  get turn(): Pick<Turn, 'aside'> {
    return this.#turn;
  }

  /** Begins no job of a ruleset before that. */
  holdRulesets(until: Promise<void>): void {
    this.#heldUntil = until.catch(() => {});
  }

  /** Begins no job of this list before that, and none of a ruleset that matches it. */
  holdList(name: string, until: Promise<void>): void {
    const over = until.catch(() => {}).finally(() => this.#heldLists.delete(name));
    this.#heldLists.set(name, over);
  }

  async take(waiting: WaitingJob): Promise<Disposition> {
    const { job } = waiting;
    const name = listOf(job);
    if (name !== null) return await this.#takeOfList(name, waiting);
    // Now, as those that come later are not waited for.
    return await this.#rulesets.take({ ...waiting, after: this.#listsBefore(job) });
  }

  async #takeOfList(name: string, waiting: WaitingJob): Promise<Disposition> {
    const lane = this.#laneOf(name);
    if (lane.inHand !== null || this.#heldLists.has(name)) this.#options.onWaiting?.(waiting.job, name);
    this.#users.set(name, (this.#users.get(name) ?? 0) + 1);
    try {
      return await lane.take(waiting);
    } finally {
      const left = (this.#users.get(name) ?? 0) - 1;
      if (left > 0) this.#users.set(name, left);
      else for (const all of [this.#users, this.#lists]) all.delete(name);
    }
  }

  #laneOf(name: string): WaitingJobs {
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    const lane = new WaitingJobs({
      choose: chooseList,
      together: (count) => newBatch(count, this.#options.runLists),
      before: async () => void (await this.#heldLists.get(name)),
      turn: this.#turn,
    });
    if (performance.now() - this.#gatheredMs < GATHER_MS) lane.gather();
    if (this.#isStopped) lane.stop();
    this.#lists.set(name, lane);
    return lane;
  }

  /** What a job of a ruleset waits for; `undefined`: nothing. */
  #listsBefore(job: Job): Promise<unknown> | undefined {
    const here = new Map<string, Promise<unknown>>(this.#heldLists);
    for (const [name, lane] of this.#lists) {
      const ended = lane.ended(isListJob);
      if (ended !== undefined) here.set(name, Promise.all([ended, here.get(name)]));
    }
    if (here.size === 0) return undefined;
    if (job.action === 'rollback') return this.#afterEarlier(job, here);
    const needed = neededBy(job).flatMap((name) => here.get(name) ?? []);
    return needed.length === 0 ? undefined : Promise.all(needed);
  }

  async #afterEarlier(job: RollbackJob, here: ReadonlyMap<string, Promise<unknown>>): Promise<void> {
    const texts = await this.#options.earlier(job).catch(() => null);
    const names = texts === null ? [...here.keys()] : namesIn(texts);
    await Promise.all(names.flatMap((name) => here.get(name) ?? []));
  }

  get size(): number {
    return this.#all.reduce((sum, { size }) => sum + size, 0);
  }

  get #all(): WaitingJobs[] {
    return [this.#rulesets, ...this.#lists.values()];
  }

  /** The job that was begun first of those that are being run. */
  get inHand(): JobInHand | null {
    const all = this.#all.flatMap(({ inHand }) => inHand ?? []);
    return all.toSorted((one, other) => one.since - other.since)[0] ?? null;
  }

  isInHand(jobId: string): boolean {
    return this.#all.some((lane) => lane.isInHand(jobId));
  }

  /** As {@link WaitingJobs.between}, of rulesets. */
  async between<T>(work: () => Promise<T>): Promise<T | undefined> {
    return await this.#rulesets.between(work);
  }

  /** As {@link WaitingJobs.beforeNext}, of rulesets. */
  async beforeNext<T>(work: () => Promise<T>): Promise<T | undefined> {
    return await this.#rulesets.beforeNext(work);
  }

  gather(): void {
    this.#gatheredMs = performance.now();
    for (const lane of this.#all) lane.gather();
  }

  async endCancelled(jobId: string): Promise<boolean> {
    const ended = await Promise.all(this.#all.map(async (lane) => await lane.endCancelled(jobId)));
    return ended.includes(true);
  }

  stop(): void {
    this.#isStopped = true;
    for (const lane of this.#all) lane.stop();
  }
}

/** The list that a job changes or reports; `null`: it is one of rulesets. */
function listOf(job: Job): string | null {
  if (isListJob(job)) return job.list.name;
  return job.action === 'report' ? (job.list?.name ?? null) : null;
}

/** The lists that a job of a ruleset needs. */
function neededBy(job: Job): string[] {
  if (job.action !== 'apply' && job.action !== 'check') return [];
  const { ipv4 = '', ipv6 = '', lists = [] } = job.ruleset;
  return [...new Set([...lists, ...namesIn([ipv4, ipv6])])];
}

function namesIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [...text.matchAll(LIST_NAMES)].map(([, name = '']) => name));
}
