import { PlanError } from '../../central/messages/errors.ts';
import type { HostAmount } from '../../central/rollout/rollout-options.ts';
import { layOutSteps, stepsFor, TOO_FEW } from '../../central/rollout/rollout-steps.ts';
import { paint } from '../terminal/paint.ts';

/** The hosts of each step, in the order in which they would be begun. @throws {PlanError} if they are not all of them */
export function hostsByStep(steps: readonly HostAmount[] | undefined, hosts: readonly string[]): string[][] {
  const counts = layOutSteps(stepsFor(steps, hosts.length), hosts.length);
  if (counts === null) throw new PlanError(TOO_FEW);
  return counts.map((count, step) => hosts.slice(counts[step - 1] ?? 0, count));
}

export function showSteps(steps: readonly (readonly string[])[]): string[] {
  return steps.map((hosts, step) => `${paint.bold(`step ${step + 1}`)}  ${hosts.join(', ')}`);
}
