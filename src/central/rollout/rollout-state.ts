import type { FleetEvent } from '../../contract/events/event.ts';
import type { RolloutEvent, RolloutOwner, RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import { isOfJob } from '../ask/of-job.ts';
import { digestOf, type JobAsks } from '../messages/messages.ts';
import { type GateProgress, takeLook } from './gate-progress.ts';
import { type HostProgress, NOT_BEGUN, spoiledBy, takeBackEnd, takeSign } from './host-progress.ts';

/** How a rollout ended, and each of its hosts. */
export type RolloutEnd = Extract<RolloutEvent, { type: 'fleetwall.rollout.ended' }>['data'];

/** A rollout as the log of events tells of it: whoever reads that knows as much as who runs it. */
export class RolloutState {
  /** What was laid out when it began. */
  readonly record: RolloutStarted;
  /** By their ids. */
  readonly hosts: ReadonlyMap<string, HostProgress>;
  /** The last one that has begun; -1: none. */
  step = -1;
  /** Whether it was asked to begin no more steps. */
  isPaused = false;
  /** Whether it was asked to end. */
  isAborted = false;
  /** Why it takes back what it did; `null`: it does not, or because it was asked to end. */
  stopping: string | null = null;
  /** Who ran it last; whether that process is there still is another matter. `null`: the log does not say. */
  owner: RolloutOwner | null = null;
  /** When the last event of it came about, RFC 3339; `null`: none yet. */
  lastEventAt: string | null = null;
  /** `null`: it has not ended. */
  ended: RolloutEnd | null = null;
  /** What is known of each gate, by its name. */
  readonly gates: ReadonlyMap<string, GateProgress>;
  /** After which step the gates were looked at last; -1: before the first, `null`: never. */
  lookedStep: number | null = null;
  /** The event by which the process that runs it has taken it. */
  #run: string | null = null;
  /** The events of the rollout itself that were taken: a message may come twice. */
  readonly #taken = new Set<string>();
  /** What each of its jobs asks for, by their ids. */
  readonly #jobs: ReadonlyMap<string, JobAsks>;

  /** @internal */
  constructor(record: RolloutStarted) {
    this.record = record;
    this.gates = new Map((record.gates?.names ?? []).map((name) => [name, { looks: [], failuresInRow: 0 }]));
    this.#jobs = jobsOf(record);
    this.hosts = new Map(record.hosts.map((host) => [host, { ...NOT_BEGUN }]));
  }

  /** @internal @returns whether it was of this rollout, and counts */
  take(event: FleetEvent | RolloutEvent, now: number): boolean {
    const isOwn = this.#takeIfOwn(event, now);
    if (isOwn) this.lastEventAt = event.time;
    return isOwn;
  }

  #takeIfOwn(event: FleetEvent | RolloutEvent, now: number): boolean {
    if ('rolloutId' in event.data && !('hostId' in event.data)) {
      if (event.data.rolloutId !== this.record.rolloutId) return false;
      if (!this.#counts(event as RolloutEvent)) return false;
      this.#takeOwn(event as RolloutEvent, now);
      return true;
    }
    return this.#takeOfHost(event as FleetEvent, now);
  }

  /**
   * A process that was cut off from the broker says late what it had decided before somebody asked for something else, or another
   * process took the rollout. What comes first in the log counts, so that all who read it know the same.
   */
  #counts(event: RolloutEvent): boolean {
    if (this.ended !== null || this.#taken.has(event.id)) return false;
    this.#taken.add(event.id);
    if (event.run !== undefined && event.run !== this.#run) return false;
    if (event.type !== 'fleetwall.rollout.step') return true;
    const isHeld = this.isPaused || this.isAborted || this.stopping !== null;
    return !isHeld && event.data.step > this.step;
  }

  /** Whether that event, by which a process took it, is the last such. @internal */
  isTakenBy(run: string): boolean {
    return this.#run === run;
  }

  /**
   * Of a step, in the order in which they are taken; the first step is 0.
   *
   * @example
   * ```ts
   * const { rolloutId } = await fleet.rollout({ ruleset, whom: { hosts: ['web-1'] } });
   * const found = await fleet.findRollout(rolloutId);
   * console.log(found.state.hostsOf(0)); // [ 'web-1' ]
   * await found.close();
   * ```
   */
  hostsOf(step: number): string[] {
    const { hosts, steps } = this.record;
    return hosts.slice(steps[step - 1] ?? 0, steps[step]);
  }

  #takeOwn(event: RolloutEvent, now: number): void {
    switch (event.type) {
      case 'fleetwall.rollout.started':
        return;
      case 'fleetwall.rollout.taken':
        this.owner = event.data.by;
        this.#run = event.id;
        return;
      case 'fleetwall.rollout.step':
        this.step = event.data.step;
        return this.#each(
          event.data.hosts,
          (progress) => void Object.assign(progress, { step: event.data.step, sentAt: now }),
        );
      case 'fleetwall.rollout.looked':
        this.lookedStep = event.data.step;
        for (const look of event.data.looks) takeLook(this.gates, look);
        return;
      case 'fleetwall.rollout.unroutable':
        return this.#each(event.data.hosts, (progress) => void (progress.end ??= 'unroutable'));
      case 'fleetwall.rollout.lost':
        return this.#each(event.data.hosts, (progress) => void (progress.spoiled ??= 'fell silent'));
      case 'fleetwall.rollout.stopping':
        this.stopping ??= event.data.reason;
        return;
      case 'fleetwall.rollout.requested':
        this.#takeRequest(event.data.request);
        return;
      case 'fleetwall.rollout.ended':
        this.ended ??= event.data;
    }
  }

  #takeRequest(request: 'abort' | 'pause' | 'resume'): void {
    if (request === 'abort') this.isAborted = true;
    else this.isPaused = request === 'pause';
  }

  /** Of those that are in the rollout. */
  #each(hosts: readonly string[], take: (progress: HostProgress) => void): void {
    for (const host of hosts) {
      const progress = this.hosts.get(host);
      if (progress !== undefined) take(progress);
    }
  }

  /** The time in which a host has to begin is counted from then. @internal */
  sent(host: string, at: number): void {
    const progress = this.hosts.get(host);
    if (progress !== undefined) progress.sentAt = at;
  }

  /** Gives hosts that have begun and not ended more time: they could not be heard for so long. @internal */
  excuse(ms: number): void {
    for (const host of this.hosts.values()) {
      if (host.step === null || host.end !== null) continue;
      if (host.sentAt !== null) host.sentAt += ms;
      if (host.startedAt !== null) host.startedAt += ms;
      if (host.windowUntil !== null) host.windowUntil += ms;
    }
  }

  /** Whether it is seen to that hosts which have ended well stay so. */
  get isWatched(): boolean {
    return this.record.soakSeconds > 0 || this.record.gates !== undefined;
  }

  /**
   * Hosts that have what it brought, and are to keep it.
   *
   * @internal
   */
  get watchedHosts(): [string, HostProgress][] {
    if (!this.isWatched || this.ended !== null) return [];
    return [...this.hosts].filter(([, progress]) => isWatched(progress));
  }

  #takeOfHost(event: FleetEvent, now: number): boolean {
    const progress = this.hosts.get(event.data.hostId);
    if (progress === undefined || this.ended !== null) return false;
    progress.heardAt = now;
    const asks = 'subject' in event ? this.#jobs.get(event.subject) : undefined;
    // Before its step has begun, nobody has sent it any of these: then it is of something else under the same id.
    if (asks === undefined || progress.step === null || !isOfJob(event, asks))
      return this.#spoil(progress, event);
    if (asks.action === 'apply') takeSign(progress, event, now);
    else takeBackEnd(progress, event);
    return true;
  }

  /** What is to be left alone after it has ended well, and is not. */
  #spoil(progress: HostProgress, event: FleetEvent): boolean {
    const spoiled = spoiledBy(event, this.record.ruleset.name);
    if (spoiled === null || !this.isWatched || !isWatched(progress)) return false;
    progress.spoiled = spoiled;
    return true;
  }
}

function isWatched({ end, takenBack, spoiled }: HostProgress): boolean {
  return (end === 'applied' || end === 'unchanged') && takenBack === null && spoiled === null;
}

function jobsOf({ jobs, takeBack, ruleset }: RolloutStarted): Map<string, JobAsks> {
  const sent = (body: string) => digestOf(() => Buffer.from(body, 'base64'));
  const asked = new Map<string, JobAsks>(
    jobs.map(({ jobId, body }) => [jobId, { action: 'apply', ruleset, digest: sent(body) }]),
  );
  const { name } = ruleset;
  for (const action of ['rollback', 'remove'] as const) {
    if (takeBack === null) continue;
    const { jobId, body } = takeBack[action];
    asked.set(jobId, { action, ruleset: { name }, digest: sent(body) });
  }
  return asked;
}
