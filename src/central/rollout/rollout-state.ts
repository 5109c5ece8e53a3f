import type { FleetEvent } from '../../contract/event.ts';
import type { Failure } from '../../contract/failure.ts';
import type { HostEnd, RolloutEvent, RolloutOwner, RolloutStarted } from '../../contract/rollout-events.ts';
import { isRefusal } from '../fleet/refusal.ts';
import { windowMs } from '../fleet/window.ts';
import { type GateProgress, takeLook } from './gate-progress.ts';

/** Where one host is. Times are of this process, in milliseconds. */
export interface HostProgress {
  /** Which step has begun it; `null`: none yet. */
  step: number | null;
  /** When its job was sent. */
  sentAt: number | null;
  /** When it began. */
  startedAt: number | null;
  /** It waits to be confirmed until then. */
  windowUntil: number | null;
  /** How its job ended; `null`: not yet. */
  end: HostEnd | null;
  /** How it ended to be taken back. */
  takenBack: 'applied' | 'removed' | 'nothing_before' | 'failed' | null;
  /** Why its job has failed, as the host tells it. */
  failure: Failure | null;
  /** It had ended well, and in a soak it went offline, drifted, or took its change back: it counts as failed. */
  spoiled: string | null;
}

/** Of a host that no step has come to. */
export const NOT_BEGUN: HostProgress = {
  step: null,
  sentAt: null,
  startedAt: null,
  windowUntil: null,
  end: null,
  takenBack: null,
  failure: null,
  spoiled: null,
};

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
  readonly #jobs: ReadonlySet<string>;

  /** @internal */
  constructor(record: RolloutStarted) {
    this.record = record;
    this.gates = new Map((record.gates?.names ?? []).map((name) => [name, { looks: [], failuresInRow: 0 }]));
    this.#jobs = new Set(record.jobs.map(({ jobId }) => jobId));
    this.hosts = new Map(record.hosts.map((host) => [host, { ...NOT_BEGUN }]));
  }

  /** @internal @returns whether it was of this rollout */
  take(event: FleetEvent | RolloutEvent, now: number): boolean {
    const isOwn = this.#takeIfOwn(event, now);
    if (isOwn) this.lastEventAt = event.time;
    return isOwn;
  }

  #takeIfOwn(event: FleetEvent | RolloutEvent, now: number): boolean {
    if ('rolloutId' in event.data && !('hostId' in event.data)) {
      if (event.data.rolloutId !== this.record.rolloutId) return false;
      this.#takeOwn(event as RolloutEvent, now);
      return true;
    }
    return this.#takeOfHost(event as FleetEvent, now);
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
        return;
      case 'fleetwall.rollout.step':
        this.step = Math.max(this.step, event.data.step);
        for (const progress of this.#known(event.data.hosts)) {
          Object.assign(progress, { step: event.data.step, sentAt: now });
        }
        return;
      case 'fleetwall.rollout.looked':
        this.lookedStep = event.data.step;
        for (const look of event.data.looks) takeLook(this.gates, look);
        return;
      case 'fleetwall.rollout.unroutable':
        for (const progress of this.#known(event.data.hosts)) progress.end ??= 'unroutable';
        return;
      case 'fleetwall.rollout.requested':
        if (event.data.request === 'abort') this.isAborted = true;
        else this.isPaused = event.data.request === 'pause';
        return;
      case 'fleetwall.rollout.ended':
        this.ended ??= event.data;
    }
  }

  #known(hosts: readonly string[]): HostProgress[] {
    return hosts.map((host) => this.hosts.get(host)).filter((progress) => progress !== undefined);
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

  /** All that was begun has ended, and it is waited for what comes of it. */
  #isSoaking(): boolean {
    const { soakSeconds, gates } = this.record;
    if (soakSeconds === 0 && gates === undefined) return false;
    return [...this.hosts.values()].every(
      ({ step, end, takenBack }) => (step === null || end !== null) && takenBack === null,
    );
  }

  /** What is to be left alone after it has ended well, and is not. */
  #spoil(progress: HostProgress, event: FleetEvent): boolean {
    const spoiled = spoiledBy(event, this.record.ruleset.name);
    if (spoiled === null || progress.end !== 'applied' || !this.#isSoaking()) return false;
    progress.spoiled ??= spoiled;
    return true;
  }

  #takeOfHost(event: FleetEvent, now: number): boolean {
    const progress = this.hosts.get(event.data.hostId);
    if (progress === undefined || this.ended !== null) return false;
    if (!('subject' in event)) return this.#spoil(progress, event);
    const { rollback, remove } = this.record.takeBack ?? {};
    const isTakeBack = [rollback?.jobId, remove?.jobId].includes(event.subject);
    if (isTakeBack && event.type === 'fleetwall.job.completed') {
      // The same end may be told again, after the one that followed it.
      if (progress.takenBack !== 'applied' && progress.takenBack !== 'removed') {
        progress.takenBack = takenBackBy(event.data);
      }
      return true;
    }
    if (!this.#jobs.has(event.subject)) return isTakeBack;
    takeSign(progress, event, now);
    return true;
  }
}

/** What an event of its job says of a host. */
function takeSign(progress: HostProgress, event: FleetEvent, now: number): void {
  if (event.type === 'fleetwall.job.completed') {
    // After a start, a refusal is that of another message with this id.
    if (progress.startedAt !== null && isRefusal(event.data)) return;
    progress.end = event.data.outcome;
    progress.failure = event.data.failure;
  } else if (event.type !== 'fleetwall.job.undone') {
    progress.startedAt ??= now;
    if (event.type === 'fleetwall.job.awaiting_confirmation') {
      progress.windowUntil ??= now + windowMs(event);
    }
  }
}

/** What a host does that has ended well, and is not to do. */
function spoiledBy(event: FleetEvent, ruleset: string): string | null {
  if (event.type === 'fleetwall.worker.offline') return 'went offline';
  return event.type === 'fleetwall.drift.detected' && event.data.ruleset?.name === ruleset ? 'drifted' : null;
}

function takenBackBy({
  outcome,
  failure,
}: Extract<FleetEvent, { type: 'fleetwall.job.completed' }>['data']): HostProgress['takenBack'] {
  if (outcome === 'applied') return 'applied';
  if (outcome === 'removed' || outcome === 'unchanged') return 'removed';
  return failure?.code === 'no_previous_revision' ? 'nothing_before' : 'failed';
}
