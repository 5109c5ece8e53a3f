import type { HostAmount } from '../../central/rollout/rollout-options.ts';
import { layOutSteps, stepsFor } from '../../central/rollout/rollout-steps.ts';
import { paint } from '../terminal/paint.ts';

/** The hosts of each step, in the order in which they would be begun. @throws {PlanError} as {@link layOutSteps} */
export function hostsByStep(steps: readonly HostAmount[] | undefined, hosts: readonly string[]): string[][] {
  const counts = layOutSteps(stepsFor(steps, hosts.length), hosts.length);
  return counts.map((count, step) => hosts.slice(counts[step - 1] ?? 0, count));
}

export function showSteps(steps: readonly (readonly string[])[]): string[] {
  return steps.map((hosts, step) => `${paint.bold(`step ${step + 1}`)}  ${hosts.join(', ')}`);
}
