import type { SentJob } from '../../central/ask/options.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { nameHosts } from './show-answers.ts';

/** The jobs that a command has sent, and which hosts have not ended them yet. */
export class SentJobs {
  readonly #lastOf = new Map<string, SentJob>();
  #last: SentJob | null = null;
  readonly #open = new Map<string, Set<string>>();
  /** Which hosts wait for a person, by the job. */
  readonly #waiting = new Map<string, Set<string>>();

  readonly onSending = (job: SentJob): void => {
    this.#last = job;
    for (const host of job.hosts) this.#lastOf.set(host, job);
    this.#open.set(job.jobId, new Set(job.hosts));
  };

  /** To be called with each event that is heard. */
  take({ type, data }: FleetEvent): void {
    if (type === 'fleetwall.job.completed') {
      this.#open.get(data.jobId)?.delete(data.hostId);
      this.#waiting.get(data.jobId)?.delete(data.hostId);
    }
    if (type === 'fleetwall.job.awaiting_confirmation' && data.mode === 'manual')
      this.#waiting.set(data.jobId, (this.#waiting.get(data.jobId) ?? new Set()).add(data.hostId));
  }

  /** The jobs that these hosts were sent last, each with those of the hosts that it was sent to. */
  lastOf(hosts: readonly string[]): SentJob[] {
    const jobs = new Map<SentJob, string[]>();
    for (const host of hosts) {
      const job = this.#lastOf.get(host);
      if (job === undefined) continue;
      const own = jobs.get(job) ?? [];
      own.push(host);
      jobs.set(job, own);
    }
    return [...jobs].map(([job, own]) => ({ ...job, hosts: own }));
  }

  /** Those that some host has not ended, as far as was heard. */
  get open(): { jobId: string; hosts: string[] }[] {
    return [...this.#open].flatMap(([jobId, hosts]) =>
      hosts.size === 0 ? [] : [{ jobId, hosts: [...hosts] }],
    );
  }

  /** What becomes of them when nobody waits for them any more. */
  describe(): string {
    if (this.#last === null) return 'no job was sent';
    if (this.open.length === 0) return `all hosts have ended job ${this.#last.jobId}`;
    return this.open
      .map(({ jobId, hosts }) => {
        const left = `${nameHosts(hosts)} ${hosts.length === 1 ? 'has' : 'have'} not ended it`;
        const back = `to take it back where it has not begun: fleetwall cancel ${jobId}`;
        return [`job ${jobId} is sent, and ${left}`, ...this.#whoWaits(jobId), back].join('; ');
      })
      .join('\n');
  }

  #whoWaits(jobId: string): string[] {
    const hosts = [...(this.#waiting.get(jobId) ?? [])];
    if (hosts.length === 0) return [];
    const wait = hosts.length === 1 ? 'waits' : 'wait';
    return [`${nameHosts(hosts)} ${wait} to be confirmed: fleetwall confirm ${jobId}, or abort ${jobId}`];
  }
}
