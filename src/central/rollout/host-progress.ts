import type { FleetEvent } from '../../contract/events/event.ts';
import type { Failure } from '../../contract/events/failure.ts';
import type { HostEnd } from '../../contract/rollouts/rollout-events.ts';
import { isRefusal } from '../ask/refusal.ts';
import { windowMs } from '../log/window.ts';

/** Where one host is. Times are of this process, in milliseconds. */
export interface HostProgress {
  /** Which step has begun it; `null`: none yet. */
  step: number | null;
  /** When its job was sent: from when on its time to begin is counted. */
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
  /** Why it could not be taken back, as the host tells it. */
  takeBackFailure: Failure | null;
  /** It had ended well, and then went offline, fell silent, drifted, or had its change taken back: it counts as failed. */
  spoiled: string | null;
  /** When it was heard of last. */
  heardAt: number | null;
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
  takeBackFailure: null,
  spoiled: null,
  heardAt: null,
};

/** What an event of its job says of a host. */
export function takeSign(progress: HostProgress, event: FleetEvent, now: number): void {
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

/** What the end of a job that takes it back says of a host. The same end may be told again, after the one that followed it. */
export function takeBackEnd(progress: HostProgress, event: FleetEvent): void {
  if (event.type !== 'fleetwall.job.completed') return;
  if (progress.takenBack === 'applied' || progress.takenBack === 'removed') return;
  const { outcome, failure } = event.data;
  progress.takenBack = takenBackBy(outcome, failure);
  progress.takeBackFailure = progress.takenBack === 'failed' ? failure : null;
}

function takenBackBy(outcome: HostEnd, failure: Failure | null): HostProgress['takenBack'] {
  if (outcome === 'applied') return 'applied';
  if (outcome === 'removed' || outcome === 'unchanged') return 'removed';
  return failure?.code === 'no_previous_revision' ? 'nothing_before' : 'failed';
}

/** What a host does that has ended well, and is not to do. A newer revision is no such thing: that is what somebody wants there now. */
export function spoiledBy(event: FleetEvent, ruleset: string): string | null {
  if (event.type === 'fleetwall.worker.offline') return 'went offline';
  if (event.type === 'fleetwall.drift.detected')
    return event.data.ruleset?.name === ruleset ? 'drifted' : null;
  if (event.type === 'fleetwall.ruleset.ended')
    return event.data.ruleset.name === ruleset && event.data.ok ? 'went back by itself' : null;
  if (event.type !== 'fleetwall.job.completed' || event.data.ruleset?.name !== ruleset) return null;
  const { action, outcome } = event.data;
  const isBack =
    (action === 'rollback' && outcome === 'applied') || (action === 'remove' && outcome === 'removed');
  return isBack ? 'was taken back' : null;
}
