import type { FleetEvent } from '../../src/contract/events/event.ts';
import type { RolloutEvent, RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import type { ImaginedFleet } from './imagined-fleet.ts';

export type Logged = FleetEvent | RolloutEvent;

/** What the log says of one host, read by another hand than that of the rollout: when each thing was first said. */
export interface Heard {
  step: number | null;
  begunAt: number;
  startedAt: number | null;
  end: { how: string; at: number } | null;
  spoiledAt: number | null;
  takenBackAt: number | null;
  /** Well or not: what comes over it then is no matter any more. */
  hasAnsweredBack: boolean;
}

/** The log of a night, in its order. */
export function eventsOf({ log }: ImaginedFleet): { at: number; event: Logged }[] {
  const events = log.map(({ body, at }) => ({ at, event: JSON.parse(body.toString('utf8')) as Logged }));
  // The others are marks in the log, which say nothing.
  return events.filter(({ event }) => 'data' in event);
}

export function nothingHeard({ hosts }: RolloutStarted): Map<string, Heard> {
  const nothing = {
    step: null,
    begunAt: 0,
    startedAt: null,
    end: null,
    spoiledAt: null,
    takenBackAt: null,
    hasAnsweredBack: false,
  };
  return new Map(hosts.map((host) => [host, { ...nothing }]));
}

/** Notes one event of a host. */
export function hear(record: RolloutStarted, host: Heard, event: FleetEvent, at: number): void {
  const { jobs, takeBack } = record;
  const subject = 'subject' in event ? event.subject : undefined;
  const isBack = [takeBack?.rollback.jobId, takeBack?.remove.jobId].includes(subject);
  if (subject !== undefined && isBack) hearBack(host, event, at);
  else if (subject === jobs[0]?.jobId) hearOwn(host, event, at);
  else if (isWatching(record, host) && isSpoiling(event)) host.spoiledAt ??= at;
}

function hearOwn(host: Heard, event: FleetEvent, at: number): void {
  if (event.type === 'fleetwall.job.started') host.startedAt ??= at;
  if (event.type === 'fleetwall.job.completed') host.end ??= { how: event.data.outcome, at };
}

function hearBack(host: Heard, event: FleetEvent, at: number): void {
  if (event.type !== 'fleetwall.job.completed') return;
  host.hasAnsweredBack = true;
  if (['applied', 'removed'].includes(event.data.outcome)) host.takenBackAt ??= at;
}

function isWatching({ soakSeconds, gates }: RolloutStarted, { end, hasAnsweredBack }: Heard): boolean {
  return (soakSeconds > 0 || gates !== undefined) && end?.how === 'applied' && !hasAnsweredBack;
}

function isSpoiling(event: FleetEvent): boolean {
  if (event.type === 'fleetwall.job.completed') return event.subject.startsWith('other-');
  return event.type === 'fleetwall.worker.offline' || event.type === 'fleetwall.drift.detected';
}

/** How a host counts at a moment. */
export function countsAs(
  { step, end, spoiledAt }: Heard,
  at: number,
): 'failed' | 'rolledBack' | 'silent' | 'good' | null {
  if (step === null) return null;
  if (spoiledAt !== null && spoiledAt <= at) return 'failed';
  if (end === null || end.at > at || end.how === 'unroutable') return 'silent';
  if (end.how === 'rolled_back') return 'rolledBack';
  return end.how === 'applied' ? 'good' : 'failed';
}

/** How a host is to be told of in the end. */
export function endAt(host: Heard, at: number): string {
  if (host.step === null) return 'not_started';
  if (host.takenBackAt !== null && host.takenBackAt <= at) return 'rolled_back';
  if (host.spoiledAt !== null && host.spoiledAt <= at) return 'failed';
  return host.end === null || host.end.at > at ? 'silent' : host.end.how;
}
