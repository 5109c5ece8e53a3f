import { Counter, Histogram, type Registry } from 'prom-client';
import type { JobCompletedEvent } from '../contract/events/event.ts';
import type { Delivery } from '../job/ports/delivery.ts';
import type { JobMeter } from '../job/ports/ports.ts';
import { RecentIds } from '../job/ports/recent-ids.ts';
import type { TimedStage } from '../job/time/stopwatch.ts';

/** In seconds: from a small ruleset to one of 50,000 rules on a busy host. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** In seconds, up to a day: a job may wait at the broker for as long as its host is away. */
const LAG_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800, 3600, 86_400];
/** In seconds, up to the longest window, which is 20 minutes. */
const JOB_BUCKETS = [...DURATION_BUCKETS, 300, 1200];
const STAGES = ['lock', 'snapshot', 'rehearse', 'plan', 'apply', 'verify', 'confirm'] as const;

/** Jobs by how they ended, and how long they took. */
export class JobMetrics implements JobMeter {
  readonly #ended;
  readonly #stages;
  readonly #whole;
  readonly #lag;
  readonly #redelivered;
  readonly #counted = new RecentIds();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#ended = new Counter({
      name: 'fleetwall_jobs_total',
      help: 'Jobs that have ended, by action, outcome and, where they failed, code',
      labelNames: ['action', 'outcome', 'code'],
      registers,
    });
    this.#stages = new Histogram({
      name: 'fleetwall_job_stage_duration_seconds',
      help: 'How long the stages of jobs took that came so far',
      labelNames: ['stage'],
      buckets: JOB_BUCKETS,
      registers,
    });
    this.#whole = new Histogram({
      name: 'fleetwall_job_duration_seconds',
      help: 'From the delivery of a job to its end',
      labelNames: ['action'],
      buckets: JOB_BUCKETS,
      registers,
    });
    this.#lag = new Histogram({
      name: 'fleetwall_job_queue_lag_seconds',
      help: 'From when a job was issued, by the clock of its sender, to its delivery',
      buckets: LAG_BUCKETS,
      registers,
    });
    this.#redelivered = new Counter({
      name: 'fleetwall_deliveries_redelivered_total',
      help: 'Messages with jobs that the broker delivered again',
      registers,
    });
  }

  delivered({ redelivered }: Delivery): void {
    if (redelivered) this.#redelivered.inc();
  }

  ended({ id, data }: JobCompletedEvent): void {
    // The same end has the same id, however often it is told.
    if (!this.#counted.add(id)) return;
    const { outcome, failure, timings } = data;
    // A message that was refused, as it is no job for this host, has no action.
    const action = data.action ?? 'unknown';
    this.#ended.inc({ action, outcome, code: failure?.code ?? '' });
    this.#whole.observe({ action }, timings.totalMs / 1000);
    if (outcome !== 'rejected') this.#lag.observe(timings.queueMs / 1000);
    for (const stage of STAGES) {
      const ms = timings[`${stage}Ms` satisfies TimedStage];
      if (ms > 0) this.#stages.observe({ stage }, ms / 1000);
    }
  }
}
