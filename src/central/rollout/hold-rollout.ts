import type { FleetLink } from '../../broker/fleet-link.ts';
import { rolloutQueue } from '../../contract/rollouts/rollout-events.ts';
import { RolloutIsRun } from '../messages/errors.ts';

/** What it needs of a {@link FleetLink}. */
export type ControlLink = Pick<FleetLink, 'publish' | 'isConsumed'> & {
  names: Pick<FleetLink['names'], 'hold' | 'release'>;
};

/** Does something with a rollout that no other process runs meanwhile. @throws {RolloutIsRun} */
export async function whileHeld<T>(
  link: ControlLink,
  rolloutId: string,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const taken = new AbortController();
  const isRun = runElsewhere(rolloutId);
  const name = rolloutQueue(rolloutId);
  if (!(await link.names.hold(name, () => taken.abort(isRun)))) throw isRun;
  try {
    return await work(AbortSignal.any(signal === undefined ? [taken.signal] : [signal, taken.signal]));
  } finally {
    link.names.release(name);
  }
}

export function runElsewhere(rolloutId: string): RolloutIsRun {
  return new RolloutIsRun(
    `rollout ${rolloutId} is run by another process; watch it, or wait until that has ended`,
  );
}
