import { setTimeout as sleep } from 'node:timers/promises';
import type { GateLook } from '../../contract/rollouts/gates.ts';
import type { RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import { GateFailed, PlanError } from '../messages/errors.ts';
import { areJobsExpired } from './jobs-expired.ts';
import type { GateWatch, RolloutOptions } from './rollout-options.ts';

/**
 * Looks at the gates before anything is begun, and waits for those that say nothing where that is what their rules want, for as long as
 * the jobs are good.
 *
 * @returns the look in which all have passed
 * @throws {GateFailed}
 * @throws the abort reason of the signal
 */
export async function passGates(
  { rules, look }: GateWatch,
  record: RolloutStarted,
  { signal, onGates }: RolloutOptions,
): Promise<GateLook[]> {
  for (;;) {
    const looks = await look(signal);
    signal?.throwIfAborted();
    onGates?.(looks);
    const bad = looks.filter(
      ({ verdict }) => verdict === 'fail' || (verdict === 'inconclusive' && rules.onInconclusive === 'fail'),
    );
    if (bad.length > 0) {
      const told = bad.map(({ name, verdict, reason }) => `gate "${name}" (${verdict}): ${reason}`);
      throw new GateFailed(`nothing was begun: ${told.join('; ')}`);
    }
    if (looks.every(({ verdict }) => verdict === 'pass')) return looks;
    if (areJobsExpired(record, Date.now())) {
      const told = looks
        .filter(({ verdict }) => verdict !== 'pass')
        .map(({ name, reason }) => `"${name}" (${reason})`);
      throw new GateFailed(
        `nothing was begun: the jobs have expired at ${record.expiresAt}, and gate ${told.join(', ')} has said nothing yet`,
      );
    }
    await sleep(rules.everySeconds * 1000, undefined, signal && { signal }).catch(() =>
      signal?.throwIfAborted(),
    );
  }
}

/** @throws {PlanError} if these are not the gates that a rollout was begun with */
export function assertSameGates({ rolloutId, gates }: RolloutStarted, watch: GateWatch | undefined): void {
  if (gates === undefined || gates.digest === watch?.rules.digest) return;
  const names = gates.names.map((name) => `"${name}"`).join(', ');
  throw new PlanError(
    watch === undefined
      ? `rollout ${rolloutId} has gates (${names}), and what they look at is not in the log: give their file (--gates FILE)`
      : `these are not the gates that rollout ${rolloutId} was begun with (${names}): give the same file`,
  );
}
