import { PlanError } from '../../central/messages/errors.ts';
import type { GateWatch } from '../../central/rollout/rollout-options.ts';
import type { RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import type { AnswerFlags } from './fleet-options.ts';
import { type GatesFlags, gatesAgain } from './gates-option.ts';
import type { RolloutFlags } from './rollout-flags.ts';

type Plan = Pick<RolloutFlags, 'steps' | 'soak' | 'maxFailed' | 'maxRolledBack' | 'maxSilent' | 'onFailure'> &
  Pick<RolloutFlags, 'executionTimeout'> &
  AnswerFlags;

/**
 * What a rollout goes by that takes what an earlier one has left: as that did, but for what is said anew. What went wrong in small steps
 * is not to be done again in one.
 *
 * @param record of the earlier rollout; `undefined`: there is none
 * @param isGiven whether an option was said, by its name in the flags
 * @param count of the hosts that are left
 */
export function asCareful<T extends Plan>(
  flags: T,
  record: RolloutStarted | undefined,
  isGiven: (option: string) => boolean,
  count: number,
): T {
  if (record === undefined) return flags;
  const { steps, soakSeconds, budgets, onFailure, deliverySeconds, executionSeconds } = record;
  const earlier: Plan = {
    steps: [...steps.filter((one) => one < count).map((one) => ({ count: one })), { percent: 100 }],
    soak: soakSeconds,
    maxFailed: { count: budgets.failed },
    maxRolledBack: { count: budgets.rolledBack },
    maxSilent: { count: budgets.silent },
    onFailure,
    timeout: deliverySeconds,
    executionTimeout: executionSeconds,
  };
  // Whoever says how long a host may take means all of it.
  const isSaid = (option: string) => isGiven(option) || (option === 'executionTimeout' && isGiven('timeout'));
  return { ...flags, ...Object.fromEntries(Object.entries(earlier).filter(([option]) => !isSaid(option))) };
}

/** The gates of an earlier rollout, if there is one. @throws {PlanError} if it had some, and nobody knows their file */
export async function gatesOfEarlier(
  flags: GatesFlags,
  record: RolloutStarted | undefined,
): Promise<GateWatch | undefined> {
  if (record?.gates === undefined) return undefined;
  const { rolloutId, gates } = record;
  const found = await gatesAgain(flags, gates);
  if (found !== undefined) return found;
  throw new PlanError(
    `rollout ${rolloutId} had gates (${gates.names.join(', ')}), and this user has not begun it here: name their file (--gates FILE), or name the hosts (--host) to go without gates`,
  );
}
