import { plural } from '../../central/messages/plural.ts';
import { describeOwner } from '../../central/rollout/describe-owner.ts';
import type {
  Diff,
  FleetEvent,
  JobCompleted,
  Rollback,
  RulesetEndedEvent,
} from '../../contract/events/event.ts';
import type { Failure } from '../../contract/events/failure.ts';
import type { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';

interface Named {
  name: string;
  revision: number;
}

/** What an event is about: `edge revision 7`, `list blocked revision 3`, or nothing. */
export function nameOf(data: {
  ruleset?: Named | null | undefined;
  list?: Named | null | undefined;
}): string | null {
  if (data.ruleset != null) return `${data.ruleset.name} revision ${data.ruleset.revision}`;
  return data.list == null ? null : `list ${data.list.name} revision ${data.list.revision}`;
}

/** What a host says, in one line; texts of hosts are in it as they are. */
export function sayHost(event: FleetEvent): string {
  switch (event.type) {
    case 'fleetwall.job.started':
      return `${event.data.action} of ${nameOf(event.data) ?? 'all rulesets'} started`;
    case 'fleetwall.job.awaiting_confirmation':
      return `${nameOf(event.data)} applied; waits until ${event.data.deadline} to be confirmed (${event.data.mode})`;
    case 'fleetwall.job.completed':
      return sayEnd(event.data);
    case 'fleetwall.job.undone':
      return `${nameOf(event.data)} was taken back after all${sayDiff(event.data.diff)}`;
    case 'fleetwall.ruleset.ended':
      return sayEnded(event.data);
    case 'fleetwall.drift.detected':
    case 'fleetwall.drift.repaired':
      return sayDrift(event);
    case 'fleetwall.worker.online':
    case 'fleetwall.worker.offline':
    case 'fleetwall.worker.heartbeat':
      return `the worker is ${event.type === 'fleetwall.worker.offline' ? 'offline' : 'online'}`;
  }
}

function sayEnd(data: JobCompleted): string {
  const { action, outcome, failure, diff, rollback } = data;
  const how = failure === null ? sayDiff(diff) : `${sayFailure(failure)}${sayBack(rollback)}`;
  return `${nameOf(data) ?? action ?? 'a message'} ${outcome.replace('_', ' ')}${how}`;
}

function sayEnded(data: RulesetEndedEvent['data']): string {
  const { failure, liveRevision, diff } = data;
  if (failure !== null) return `${nameOf(data)} is over, and could not be ended yet${sayFailure(failure)}`;
  const now = liveRevision === null ? 'it is removed' : `revision ${liveRevision} is live again`;
  return `${nameOf(data)} has ended: ${now}${sayDiff(diff)}`;
}

type DriftEvent = Extract<FleetEvent, { type: 'fleetwall.drift.detected' | 'fleetwall.drift.repaired' }>;

function sayDrift({ type, data }: DriftEvent): string {
  const { by, diff, gaveUp } = data;
  const what = type === 'fleetwall.drift.detected' ? 'has drifted' : 'was put back';
  const whose = by === null ? '' : `, by ${by.name} (${by.pid})`;
  return `${nameOf(data)} ${what}${sayDiff(diff)}${whose}${gaveUp === true ? '; no longer repaired' : ''}`;
}

/** That a host is as it was before is only said where it was read again. */
function sayBack({ performed, verified }: Rollback): string {
  if (!performed) return '';
  return verified === true ? '; the host is as it was before' : '; the host may NOT be as it was before';
}

function sayDiff(diff: Diff | null): string {
  if (diff === null) return '';
  return diff.added + diff.removed === 0
    ? ': nothing had to change'
    : `: ${diff.added} in, ${diff.removed} out`;
}

function sayFailure({ message, code, lines: [first] }: Failure): string {
  const line = first === undefined ? '' : `; ${first.family} line ${first.line}: ${first.reason}`;
  return `: ${message}${message.includes(first?.reason ?? '\n') ? '' : line} (${code})`;
}

/** What is said of a rollout, in one line. */
export function sayRollout(event: RolloutEvent): string {
  switch (event.type) {
    case 'fleetwall.rollout.started':
      return `rollout of ${nameOf(event.data)} to ${plural(event.data.hosts.length, 'host')}, in ${plural(event.data.steps.length, 'step')}`;
    case 'fleetwall.rollout.taken':
      return `is run by ${describeOwner(event.data.by)}`;
    case 'fleetwall.rollout.step':
      return `step ${event.data.step + 1}: ${plural(event.data.hosts.length, 'host')}`;
    case 'fleetwall.rollout.looked':
      return event.data.looks
        .map(({ name, verdict, reason }) => `gate "${name}": ${verdict}, ${reason}`)
        .join('; ');
    case 'fleetwall.rollout.unroutable':
      return `${plural(event.data.hosts.length, 'host')} without a queue`;
    case 'fleetwall.rollout.lost':
      return `${plural(event.data.hosts.length, 'host')} fell silent after the change`;
    case 'fleetwall.rollout.stopping':
      return `takes back what it did: ${event.data.reason}`;
    case 'fleetwall.rollout.requested':
      return `${event.data.request} was asked for`;
    case 'fleetwall.rollout.ended':
      return `${event.data.status}${event.data.reason === null ? '' : `: ${event.data.reason}`}`;
  }
}
