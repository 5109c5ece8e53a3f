import type { Failure } from '../../contract/events/failure.ts';
import type { HostProgress } from './host-progress.ts';
import type { RolloutState } from './rollout-state.ts';

/** Hosts that failed in the same way. */
export interface FailedAlike<T> {
  hosts: string[];
  failure: T;
}

/** Hosts that failed in the same way, most first. What programs and hosts say in their own words around a failing line may differ. */
export function groupFailures(
  { hosts }: Pick<RolloutState, 'hosts'>,
  failureOf: (progress: HostProgress) => Failure | null,
): FailedAlike<Failure>[] {
  const groups = new Map<string, FailedAlike<Failure>>();
  for (const [host, progress] of hosts) {
    const failure = failureOf(progress);
    if (failure === null) continue;
    const key = keyOf(failure);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { hosts: [host], failure });
    else group.hosts.push(host);
  }
  return [...groups.values()].toSorted((a, b) => b.hosts.length - a.hosts.length);
}

function keyOf({ code, stage, message, lines }: Failure): string {
  const places = lines.map(({ family, line, reason }) => [family, line, reason]);
  return JSON.stringify(places.length === 0 ? [code, stage, message] : [code, places]);
}

/** Hosts that were to go back to what they had before, and have not. */
export interface NotTakenBack extends FailedAlike<Failure | null> {
  /** `not_run`: the job that takes it back has expired, was cancelled, or gave way to a newer one; `silent`: it was not answered. */
  why: 'failed' | 'not_run' | 'silent';
}

/** Those that gave no answer come last. */
export function notTakenBack(state: RolloutState): NotTakenBack[] {
  const { ended, record, hosts } = state;
  if (ended === null || ended.status === 'completed' || record.takeBack === null) return [];
  const left = new Map(
    [...hosts].filter(
      ([, { end, takenBack }]) => end === 'applied' && takenBack !== 'applied' && takenBack !== 'removed',
    ),
  );
  const without = (why: 'not_run' | 'silent'): NotTakenBack[] => {
    const them = [...left].flatMap(([host, { takenBack, takeBackFailure }]) =>
      takeBackFailure === null && (takenBack === 'failed') === (why === 'not_run') ? [host] : [],
    );
    return them.length === 0 ? [] : [{ hosts: them, failure: null, why }];
  };
  return [
    ...groupFailures({ hosts: left }, ({ takeBackFailure }) => takeBackFailure).map(
      (group): NotTakenBack => ({ ...group, why: 'failed' }),
    ),
    ...without('not_run'),
    ...without('silent'),
  ];
}
