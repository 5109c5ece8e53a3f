import type { FleetEvent, JobCompletedEvent } from '../../contract/events/event.ts';
import type { Job } from '../../contract/jobs/job.ts';
import { isListJob } from '../../contract/jobs/list-job.ts';
import type { Digest } from '../../contract/words/identifiers.ts';
import type { JobOrigin } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import type { Stopwatch } from '../time/stopwatch.ts';
import type { JobEnd } from './job-end.ts';
import { completedEvent, startedEvent } from './job-events.ts';
import { listState } from './list-state.ts';
import { rulesetState } from './ruleset-state.ts';

/** The ports that are needed to publish events of a job and to keep its end. */
type Telling = Pick<
  Ports,
  'identity' | 'facts' | 'results' | 'rulesets' | 'lists' | 'events' | 'meter' | 'log'
>;

/** One job on its way through this host: the times of its stages, the events that are published, and its end. */
export class JobRun {
  readonly job: Job;
  readonly origin: JobOrigin;
  readonly watch: Stopwatch;
  readonly #ports: Telling;
  /** The digest of the content that the job asks for, once it is known. */
  digest: Digest | null = null;
  /** The same for a job of a list. */
  listDigest: string | null = null;
  /** Called before the first rule of the job is written, when it is known that it can be. */
  beforeWriting: () => Promise<void> = async () => {};
  /** Called once the rules of the job are written, before they are confirmed. */
  onWritten: () => void = () => {};
  /** The job's end in full. The event has a shortened copy. */
  end: JobEnd | null = null;
  event: JobCompletedEvent | null = null;

  constructor(job: Job, origin: JobOrigin, watch: Stopwatch, ports: Telling) {
    this.job = job;
    this.origin = origin;
    this.watch = watch;
    this.#ports = ports;
  }

  /**
   * Publishes that the job has begun. Does not wait for the broker, so that the job is not held up: only its end must be
   * confirmed.
   */
  tellStarted(): void {
    this.#tell(startedEvent(this.job, this.#ports));
  }

  /** Makes the one event of the job's end, and keeps it. From then on the job is not run again if its message comes again. */
  async conclude(reached: JobEnd): Promise<void> {
    const end = { ...reached, ...(await this.#state()) };
    const event = completedEvent(this.job, end, this.origin, this.watch, this.#ports);
    await this.#remember(event);
    this.end = end;
    this.event = event;
    noteEnd(event, this.#ports);
  }

  /** Takes over an end that was already reached and kept by whoever settled the job's change. */
  endWith(event: JobCompletedEvent): void {
    this.event = event;
  }

  async #state(): Promise<Pick<JobEnd, 'ruleset' | 'list'>> {
    const { job } = this;
    if (isListJob(job)) {
      const list = await listState(job.list, this.listDigest, this.#ports).catch(() => null);
      return { ruleset: null, list };
    }
    if (job.action === 'report') return { ruleset: null };
    return { ruleset: await rulesetState(job.ruleset, this.digest, this.#ports).catch(() => null) };
  }

  async #remember(event: JobCompletedEvent): Promise<void> {
    const { results, log } = this.#ports;
    const { id } = this.job;
    try {
      await results.put(id, event);
    } catch (error) {
      log.error(
        { jobId: id, error },
        'Cannot keep the result of a job yet: it is remembered aside until then',
      );
      await results.putAside(id, event).catch((more: unknown) => {
        log.error(
          { jobId: id, error: more },
          'Cannot remember the result of a job aside: if its message comes again after this worker has ended, it is run again',
        );
      });
    }
  }

  #tell(event: FleetEvent): void {
    const { events, log } = this.#ports;
    events.publish(event, this.origin.headers).catch((error: unknown) => {
      log.warn({ jobId: this.job.id, error }, 'Cannot publish that a job has begun');
    });
  }
}

/** Counts and logs a job that has just ended. */
export function noteEnd(event: JobCompletedEvent, { log, meter }: Pick<Ports, 'log' | 'meter'>): void {
  meter.ended(event);
  const { data } = event;
  const { jobId, outcome, changed, failure, ruleset, list } = data;
  const about = list == null ? { ruleset: ruleset?.name } : { list: list.name };
  const fields = { jobId, outcome, changed, ...about, revision: (list ?? ruleset)?.revision };
  if (failure === null) log.info(fields, 'Job ended');
  else
    log.warn({ ...fields, code: failure.code, stage: failure.stage, reason: failure.message }, 'Job ended');
}
