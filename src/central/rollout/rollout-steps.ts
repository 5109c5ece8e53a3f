import type { Budgets } from '../../contract/rollouts/rollout-events.ts';
import { PlanError } from '../messages/errors.ts';
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
 * host, and a step that adds none, as small parts of few hosts come to the same, is left out.
 *
 * @throws {PlanError} if a step is less than the one before, or has no host, or the last one is not all: a slip must not begin more
 *   hosts than was meant
 */
export function layOutSteps(steps: readonly HostAmount[], hosts: number): number[] {
  const counts = steps.map((step, index) => {
    const count = partOf(step, hosts, Math.ceil);
    if (!(count > 0))
      throw new PlanError(`${nameStep(steps, index)} has no host: leave it out, or begin with 1`);
    return Math.min(hosts, count);
  });
  const falling = counts.findIndex((_, index) => index > 0 && isFalling(steps, counts, index));
  if (falling !== -1)
    throw new PlanError(
      `${nameStep(steps, falling)} is less than ${nameStep(steps, falling - 1)}: each says how many hosts have been begun by then`,
    );
  if (counts.at(-1) !== hosts) throw new PlanError('the last step does not reach all hosts: end with 100%');
  return [...new Set(counts)];
}

/** As it is written, too: of few hosts, 20 and then 10 would be all. */
function isFalling(steps: readonly HostAmount[], counts: readonly number[], index: number): boolean {
  const [before, step] = steps.slice(index - 1);
  if (before === undefined || step === undefined) return false;
  const isLess =
    ('count' in before && 'count' in step && step.count < before.count) ||
    ('percent' in before && 'percent' in step && step.percent < before.percent);
  return isLess || (counts[index] ?? 0) < (counts[index - 1] ?? 0);
}

function nameStep(steps: readonly HostAmount[], index: number): string {
  const step = steps[index] ?? { count: 0 };
  return `step ${index + 1} (${'count' in step ? step.count : `${step.percent}%`})`;
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
  if ('count' in amount) return amount.count;
  // 0.07 and 0.57 are a little more and less as floating point: a whole number of hosts is not to become another.
  return round(Number(((amount.percent * hosts) / 100).toFixed(9)));
}

const FEW_HOSTS = 10;

/** The steps that were asked for; else one host, a tenth, all, where that is more than a few. */
export function stepsFor(steps: readonly HostAmount[] | undefined, hosts: number): readonly HostAmount[] {
  if (steps !== undefined) return steps;
  return hosts > FEW_HOSTS ? [{ count: 1 }, { percent: 10 }, { percent: 100 }] : [{ percent: 100 }];
}
