import type { FleetEvent } from '../../contract/event.ts';
import type { HostEnd, RolloutEvent, RolloutStarted } from '../../contract/rollout-events.ts';
import { isRefusal } from '../fleet/refusal.ts';
import { windowMs } from '../fleet/window.ts';

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
}

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
  /** `null`: it has not ended. */
  ended: RolloutEnd | null = null;
  readonly #jobs: ReadonlySet<string>;

  /** @internal */
  constructor(record: RolloutStarted) {
    this.record = record;
    this.#jobs = new Set(record.jobs.map(({ jobId }) => jobId));
    this.hosts = new Map(
      record.hosts.map((host) => [
        host,
        { step: null, sentAt: null, startedAt: null, windowUntil: null, end: null, takenBack: null },
      ]),
    );
  }

  /** @internal @returns whether it was of this rollout */
  take(event: FleetEvent | RolloutEvent, now: number): boolean {
    if ('rolloutId' in event.data && !('hostId' in event.data)) {
      if (event.data.rolloutId !== this.record.rolloutId) return false;
      this.#takeOwn(event as RolloutEvent, now);
      return true;
    }
    return 'subject' in event && this.#takeOfHost(event as FleetEvent & { subject: string }, now);
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
      case 'fleetwall.rollout.step':
        this.step = Math.max(this.step, event.data.step);
        for (const host of event.data.hosts) {
          const progress = this.hosts.get(host);
          if (progress !== undefined) Object.assign(progress, { step: event.data.step, sentAt: now });
        }
        return;
      case 'fleetwall.rollout.unroutable':
        for (const host of event.data.hosts) {
          const progress = this.hosts.get(host);
          if (progress !== undefined) progress.end ??= 'unroutable';
        }
        return;
      case 'fleetwall.rollout.requested':
        if (event.data.request === 'abort') this.isAborted = true;
        else this.isPaused = event.data.request === 'pause';
        return;
      case 'fleetwall.rollout.ended':
        this.ended ??= event.data;
    }
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

  #takeOfHost(event: FleetEvent & { subject: string }, now: number): boolean {
    const progress = this.hosts.get(event.data.hostId);
    if (progress === undefined || this.ended !== null) return false;
    const { takeBack } = this.record;
    const isTakeBack = event.subject === takeBack?.rollback.jobId || event.subject === takeBack?.remove.jobId;
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
    if (progress.startedAt === null || !isRefusal(event.data)) progress.end = event.data.outcome;
  } else if (event.type !== 'fleetwall.job.undone') {
    progress.startedAt ??= now;
    if (event.type === 'fleetwall.job.awaiting_confirmation') {
      progress.windowUntil ??= now + windowMs(event);
    }
  }
}

function takenBackBy({
  outcome,
  failure,
}: Extract<FleetEvent, { type: 'fleetwall.job.completed' }>['data']): HostProgress['takenBack'] {
  if (outcome === 'applied') return 'applied';
  if (outcome === 'removed' || outcome === 'unchanged') return 'removed';
  return failure?.code === 'no_previous_revision' ? 'nothing_before' : 'failed';
}
