import type { JobAnswers, JobLookOptions, JobWaitOptions, RequestOptions } from './ask/options.ts';
import type { JobState } from './fleet/job-state.ts';
import { awaitJob, lookAtJob } from './fleet/pick-up-job.ts';
import { answerJob, cancelJob } from './fleet/requests.ts';
import type { OpenCalls } from './open-calls.ts';

/** A job that was sent before, by this process or by another one: all that has to be kept of it is its id. */
export class FleetJob {
  /** A UUID. */
  readonly id: string;
  readonly #calls: OpenCalls;

  /** @internal */
  constructor(id: string, calls: OpenCalls) {
    this.id = id;
    this.#calls = calls;
  }

  /**
   * What the log of events knows of it now. A job that nobody has begun is not known there.
   *
   * @example
   * ```ts
   * const { jobId } = await fleet.push(ruleset, { hosts: ['web-1'] });
   * const { hosts } = await fleet.job(jobId ?? '').look();
   * for (const [host, { end, startedAt }] of hosts) console.log(host, end, startedAt !== null); // web-1 applied true
   * ```
   */
  async look(options: JobLookOptions = {}): Promise<JobState> {
    return await this.#calls.run(lookAtJob, [this.id], options);
  }

  /**
   * How hosts answered, those that have ended at once. The others are waited for; who is not heard of in time is `silent`, and may run the
   * job later.
   *
   * @throws {@link RequestInvalid} if no hosts are named, and the log of events knows of none
   *
   * @example
   * ```ts
   * const { jobId } = await fleet.push(ruleset, { hosts: ['web-1'] });
   * const answers = await fleet.job(jobId ?? '').wait({ hosts: ['web-1'], timeoutSeconds: 60 });
   * console.log(answers.get('web-1')?.end); // applied
   * ```
   */
  async wait(options: JobWaitOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(awaitJob, [this.id], options);
  }

  /**
   * Ends it where it is not begun, as {@link FleetClient.cancel} does.
   *
   * @example
   * ```ts
   * const { jobId } = await fleet.push(ruleset, { hosts: ['away-1'] }, { timeoutSeconds: 1 });
   * const cancelled = await fleet.job(jobId ?? '').cancel({ timeoutSeconds: 1 });
   * console.log(cancelled.size); // 0
   * ```
   */
  async cancel(options: RequestOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(cancelJob, [this.id], options);
  }

  /**
   * Keeps what waits to be confirmed, on the hosts where it does.
   *
   * @example
   * ```ts
   * const answers = await fleet.push(ruleset, { hosts: ['web-1'] }, {
   *   confirm: { mode: 'manual', timeoutSeconds: 300 },
   *   onEvent: ({ type, data }) => {
   *     if (type === 'fleetwall.job.awaiting_confirmation') void fleet.job(data.jobId).confirm();
   *   },
   * });
   * console.log(answers.get('web-1')?.end); // applied
   * ```
   */
  async confirm(options: RequestOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(answerJob, ['confirm', this.id], options);
  }

  /**
   * Takes back what waits to be confirmed, on the hosts where it does.
   *
   * @example
   * ```ts
   * const answers = await fleet.push(ruleset, { hosts: ['web-1'] }, {
   *   confirm: { mode: 'manual', timeoutSeconds: 300 },
   *   onEvent: ({ type, data }) => {
   *     if (type === 'fleetwall.job.awaiting_confirmation') void fleet.job(data.jobId).abort();
   *   },
   * });
   * console.log(answers.get('web-1')?.end); // rolled_back
   * ```
   */
  async abort(options: RequestOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(answerJob, ['abort', this.id], options);
  }
}
