import type { Budgets } from '../../contract/rollouts/rollout-events.ts';
import type { HostAmount } from './rollout-options.ts';

/** `5`, `25%`. @returns `null` for what is neither */
export function readAmount(text: string): HostAmount | null {
  const [, number, percent] = /^(\d{1,7}(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number);
  if (number === undefined || (percent === '%' && value > 100)) return null;
  if (percent === '%') return { percent: value };
  return Number.isInteger(value) ? { count: value } : null;
}

/**
 * How many hosts have been begun once each step is: `1,5%,25%,100%` of 200 hosts is 1, 10, 50, 200. A part is never less than one
 * host, and a step that would add none is left out.
 *
 * @returns `null` if not all hosts would ever be begun
 */
export function layOutSteps(steps: readonly HostAmount[], hosts: number): number[] | null {
  const reached = steps.map((step) => Math.min(hosts, Math.max(1, partOf(step, hosts, Math.ceil))));
  const counts: number[] = [];
  for (const count of reached) if (count > (counts.at(-1) ?? 0)) counts.push(count);
  return hosts > 0 && counts.at(-1) === hosts ? counts : null;
}

/** How many hosts may end badly: a part is rounded down. */
export function budgetsOf(amounts: Record<keyof Budgets, HostAmount>, hosts: number): Budgets {
  const limit = (amount: HostAmount) => partOf(amount, hosts, Math.floor);
  return {
    failed: limit(amounts.failed),
    rolledBack: limit(amounts.rolledBack),
    silent: limit(amounts.silent),
  };
}

function partOf(amount: HostAmount, hosts: number, round: (value: number) => number): number {
  return 'count' in amount ? amount.count : round((amount.percent * hosts) / 100);
}

/** What is wrong with steps that {@link layOutSteps} does not take. */
export const TOO_FEW = 'the last step does not reach all hosts: end with 100%';
const FEW_HOSTS = 10;

/** The steps that were asked for; else one host, a tenth, all, where that is more than a few. */
export function stepsFor(steps: readonly HostAmount[] | undefined, hosts: number): readonly HostAmount[] {
  if (steps !== undefined) return steps;
  return hosts > FEW_HOSTS ? [{ count: 1 }, { percent: 10 }, { percent: 100 }] : [{ percent: 100 }];
}
