import type { Job } from '../../contract/job.ts';
import { isListJob } from '../../contract/list-job.ts';
import { chooseList, chooseRuleset } from '../../job/intake/choose-jobs.ts';
import { newBatch } from '../../job/intake/list-batch.ts';
import type { JobInHand, WaitingJob } from '../../job/intake/waiting-job.ts';
import { WaitingJobs } from '../../job/intake/waiting-jobs.ts';
import type { JobRun } from '../../job/outcome/job-run.ts';
import type { Disposition } from '../../job/ports/delivery.ts';

/** Names that rules have for lists. */
const LIST_NAMES = /\bfw[46]\.([a-z0-9-]+)/g;

/**
 * The jobs of a host that wait for their turn: those of rulesets, and beside them those of lists. An address is blocked at once,
 * however long a ruleset waits to be confirmed. A ruleset that matches lists waits for their jobs that came before it, and keeps no other waiting.
 */
export class JobLanes {
  readonly #lists: WaitingJobs;
  readonly #rulesets: WaitingJobs;
  #heldUntil: Promise<unknown> = Promise.resolve();

  /** @param runLists runs several jobs of one list together */
  constructor(runLists: (runs: readonly JobRun[]) => Promise<void>) {
    this.#lists = new WaitingJobs({
      choose: chooseList,
      together: (count) => newBatch(count, runLists),
    });
    this.#rulesets = new WaitingJobs({
      choose: chooseRuleset,
      before: async () => void (await this.#heldUntil),
    });
  }

  /** Begins no job of a ruleset before that. */
  holdRulesets(until: Promise<void>): void {
    this.#heldUntil = until.catch(() => {});
  }

  async take(waiting: WaitingJob): Promise<Disposition> {
    if (isOfLists(waiting.job)) return await this.#lists.take(waiting);
    // Now, as those that come later are not waited for.
    const after = this.#listsBefore(waiting.job);
    return await this.#rulesets.take({ ...waiting, after });
  }

  #listsBefore(job: Job): Promise<unknown> | undefined {
    const needed = listsOf(job);
    if (needed === 'none') return undefined;
    return this.#lists.ended(
      (other) => isListJob(other) && (needed === 'any' || needed.has(other.list.name)),
    );
  }

  get size(): number {
    return this.#rulesets.size + this.#lists.size;
  }

  /** The job that was begun first of those that are being run. */
  get inHand(): JobInHand | null {
    const [one, other] = [this.#rulesets.inHand, this.#lists.inHand];
    if (one === null || other === null) return one ?? other;
    return one.since <= other.since ? one : other;
  }

  isInHand(jobId: string): boolean {
    return this.#rulesets.isInHand(jobId) || this.#lists.isInHand(jobId);
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
    this.#rulesets.gather();
    this.#lists.gather();
  }

  async endCancelled(jobId: string): Promise<boolean> {
    const ended = await Promise.all([this.#rulesets.endCancelled(jobId), this.#lists.endCancelled(jobId)]);
    return ended.includes(true);
  }

  stop(): void {
    this.#rulesets.stop();
    this.#lists.stop();
  }
}

function isOfLists(job: Job): boolean {
  return isListJob(job) || (job.action === 'report' && job.list !== undefined);
}

/** The lists that a job may need; `any`: what it goes back to is not known yet. */
function listsOf(job: Job): ReadonlySet<string> | 'any' | 'none' {
  if (job.action === 'rollback') return 'any';
  if (job.action !== 'apply' && job.action !== 'check') return 'none';
  const { ipv4 = '', ipv6 = '', lists = [] } = job.ruleset;
  const matched = [ipv4, ipv6].flatMap((text) => [...text.matchAll(LIST_NAMES)].map(([, name = '']) => name));
  const names = new Set([...lists, ...matched]);
  return names.size === 0 ? 'none' : names;
}
