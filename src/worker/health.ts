import type { WorkerSettings } from '../config/worker-settings.ts';
import type { Job } from '../contract/job.ts';
import type { JobInHand } from '../job/waiting-jobs.ts';
import type { HostChecks } from './open-host.ts';

export type Limits = Pick<WorkerSettings, 'lockTimeoutSeconds' | 'applyTimeoutSeconds'>;

/** What is asked of the worker; all of it is known without asking the broker. */
export interface Asked {
  readonly isConnected: boolean;
  readonly isConsuming: boolean;
}

/** `null`: it is well; else, why it is not. */
export type Readiness = Record<'broker' | 'consuming' | 'lock' | 'backend', string | null>;

/** Saves, restores and their undoing, each with its own limit: a job that needs so many of them in full is stuck. */
const MOST_COMMANDS = 10;
/** Many may ask at the same time: the host is looked at once in so long. */
const FRESH_MS = 2_000;

/** How long a job may be run before something is wrong with the worker, in milliseconds. */
export function longestRunMs(job: Job, { lockTimeoutSeconds, applyTimeoutSeconds }: Limits): number {
  const { mode, timeoutSeconds } = job.confirm;
  const window = mode === 'none' ? 0 : timeoutSeconds;
  return (lockTimeoutSeconds + MOST_COMMANDS * applyTimeoutSeconds + window) * 1000;
}

/** Whether the worker is alive, and whether it would do a job now. */
export class Health {
  readonly #line: { readonly inHand: JobInHand | null };
  readonly #link: Asked;
  readonly #checks: HostChecks;
  readonly #limits: Limits;
  #seen: { at: number; readiness: Promise<Readiness> } | null = null;

  constructor(line: { readonly inHand: JobInHand | null }, link: Asked, checks: HostChecks, limits: Limits) {
    this.#line = line;
    this.#link = link;
    this.#checks = checks;
    this.#limits = limits;
  }

  /** `null`: it is alive. That this is answered at all shows that the event loop turns. */
  whyStuck(): string | null {
    const { inHand } = this.#line;
    if (inHand === null) return null;
    const { job, since } = inHand;
    const ms = performance.now() - since;
    const limitMs = longestRunMs(job, this.#limits);
    if (ms <= limitMs) return null;
    return `job ${job.id} has been run for ${seconds(ms)}, and should have ended after ${seconds(limitMs)}`;
  }

  async readiness(): Promise<Readiness> {
    const now = performance.now();
    if (this.#seen === null || now - this.#seen.at > FRESH_MS) {
      this.#seen = { at: now, readiness: this.#look() };
    }
    return await this.#seen.readiness;
  }

  async #look(): Promise<Readiness> {
    const { isConnected, isConsuming } = this.#link;
    const [lock, backend] = await Promise.all([whyNot(this.#checks.lock()), whyNot(this.#checks.backend())]);
    return {
      broker: isConnected ? null : 'there is no connection to the broker: it is tried again',
      consuming: isConsuming ? null : 'jobs would not come: their queue is not consumed',
      lock,
      backend,
    };
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
