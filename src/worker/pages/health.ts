import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { Job } from '../../contract/jobs/job.ts';
import type { JobInHand } from '../../job/intake/waiting-job.ts';
import type { HostChecks } from '../open/open-host.ts';

export type Limits = Pick<WorkerSettings, 'lockTimeoutSeconds' | 'applyTimeoutSeconds'>;

/** What the worker knows of its connection to the broker, without asking the broker. */
export interface Asked {
  readonly isConnected: boolean;
  readonly isConsuming: boolean;
  /** What the broker does not give the worker, with the reason. */
  readonly lacking: Readonly<Record<string, string>>;
  /** Why events cannot be published; `null`: they can. */
  readonly unpublished: string | null;
  /** Why the last try to connect failed; `null`: none has. */
  readonly unreached: string | null;
}

/** `null`: it is well; else, why it is not. */
export type Readiness = Record<'broker' | 'consuming' | 'lock' | 'backend' | 'state', string | null>;

/** Each throws an error that says why a job could not be done now. */
type HostReadiness = Pick<Readiness, 'lock' | 'backend' | 'state'>;
type Checks = HostChecks & { state(): Promise<void> };

/** Added to the time limit of a program, for the worker's own work between two programs. */
const SLACK_SECONDS = 60;
/** The result of a look at the host is used again for this long after the look has ended, however many ask. */
const FRESH_MS = 2_000;

/** How many milliseconds may pass without a sign of a job before the worker counts as stuck. */
export function longestSilenceMs(
  { confirm }: Job,
  { lockTimeoutSeconds, applyTimeoutSeconds }: Limits,
): number {
  const window = confirm.mode === 'none' ? 0 : confirm.timeoutSeconds;
  return (Math.max(lockTimeoutSeconds, applyTimeoutSeconds) + window + SLACK_SECONDS) * 1000;
}

/** Whether the worker is alive, and whether it would do a job now. */
export class Health {
  readonly #waiting: { readonly inHand: JobInHand | null };
  readonly #link: Asked;
  readonly #checks: Checks;
  readonly #limits: Limits;
  #seen: Promise<HostReadiness> | null = null;

  constructor(waiting: { readonly inHand: JobInHand | null }, link: Asked, checks: Checks, limits: Limits) {
    this.#waiting = waiting;
    this.#link = link;
    this.#checks = checks;
    this.#limits = limits;
  }

  /** Why the worker is stuck; `null`: it is not. That there is an answer at all shows that the event loop turns. */
  whyStuck(): string | null {
    const { inHand } = this.#waiting;
    if (inHand === null) return null;
    const { job, since } = inHand;
    // However long a job takes, it goes on for as long as programs start and end: each program has a time limit of its own.
    const ms = performance.now() - Math.max(since, this.#checks.lastProgress());
    const limitMs = longestSilenceMs(job, this.#limits);
    if (ms <= limitMs) return null;
    return `nothing has been seen of job ${job.id} for ${seconds(ms)}, and ${seconds(limitMs)} are the most that it may need`;
  }

  /** What the broker does not give the worker although it is connected. */
  get lacking(): Readonly<Record<string, string>> {
    return this.#link.lacking;
  }

  /** What is known of the broker is told as it is now; the host itself is not looked at again for each who asks. */
  async readiness(): Promise<Readiness> {
    this.#seen ??= this.#lookAtHost().finally(() => {
      setTimeout(() => (this.#seen = null), FRESH_MS).unref();
    });
    const host = await this.#seen;
    const { isConnected, isConsuming, lacking, unpublished, unreached } = this.#link;
    const why = Object.entries(lacking).map(([what, reason]) => ` (${what}: ${reason})`);
    return {
      broker: isConnected
        ? unpublished && `events cannot be published: ${unpublished}`
        : `there is no connection to the broker: it is tried again${unreached === null ? '' : ` (${unreached})`}`,
      consuming: isConsuming ? null : `jobs would not come: their queue is not consumed${why.join('')}`,
      ...host,
    };
  }

  async #lookAtHost(): Promise<HostReadiness> {
    const checks = this.#checks;
    const [lock, backend, state] = await Promise.all(
      [checks.lock(), checks.backend(), checks.state()].map(whyNot),
    );
    return { lock: lock ?? null, backend: backend ?? null, state: state ?? null };
  }
}

async function whyNot(check: Promise<void>): Promise<string | null> {
  try {
    await check;
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
