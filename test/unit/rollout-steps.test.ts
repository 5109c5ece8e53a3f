import { describe, expect, it } from 'vitest';
import { PlanError } from '../../src/central/messages/errors.ts';
import { budgetsOf, layOutSteps, readAmount } from '../../src/central/rollout/rollout-steps.ts';

function layOut(text: string, hosts: number): number[] {
  return layOutSteps(
    text.split(',').map((part) => readAmount(part) ?? expect.fail(part)),
    hosts,
  );
}

describe('the steps of a rollout', () => {
  it.each([
    ['1,5%,25%,100%', 200, [1, 10, 50, 200]],
    // Of few hosts, parts are the same number.
    ['1,10%,20%,100%', 3, [1, 3]],
    ['5%,1,100%', 10, [1, 10]],
    // More than there are is all.
    ['2,10,100%', 5, [2, 5]],
    ['1,5', 5, [1, 5]],
    ['0.07%,100%', 10_000, [7, 10_000]],
    ['0.071%,100%', 10_000, [8, 10_000]],
  ])('%s of %i hosts are %j', (text, hosts, steps) => {
    expect(layOut(text, hosts)).toEqual(steps);
  });

  it.each([
    ['3,1', 'step 2 (1) is less than step 1 (3)'],
    ['100%,1', 'step 2 (1) is less than step 1 (100%)'],
    ['2,1,100%', 'step 2 (1) is less than step 1 (2)'],
    ['20,10,100%', 'step 2 (10) is less than step 1 (20)'],
    ['0,100%', 'step 1 (0) has no host'],
    ['1,0%,100%', 'step 2 (0%) has no host'],
    ['1,2', 'the last step does not reach all hosts: end with 100%'],
  ])('%s of three hosts are refused', (text, message) => {
    expect(() => layOut(text, 3)).toThrow(PlanError);
    expect(() => layOut(text, 3)).toThrow(message);
  });

  it('has budgets that are no host less than their part', () => {
    const all = { failed: { percent: 0.29 }, rolledBack: { percent: 0.299 }, silent: { count: 3 } };
    expect(budgetsOf(all, 10_000)).toEqual({ failed: 29, rolledBack: 29, silent: 3 });
  });
});

it.each([
  [0.07, 10_000, 7],
  [0.57, 10_000, 57],
  [0.29, 10_000, 29],
  [1.1, 1_000, 11],
  [14, 50, 7],
])('a part that is a whole number of hosts is that number: %d%% of %i is %i', (percent, hosts, count) => {
  expect(layOutSteps([{ percent }, { percent: 100 }], hosts)).toEqual([count, hosts]);
  const amount = { percent };
  expect(budgetsOf({ failed: amount, rolledBack: amount, silent: amount }, hosts).failed).toBe(count);
});

it.each([
  [0.071, 10_000, 8, 7],
  [0.5, 10, 1, 0],
  [33.333_333, 3, 1, 0],
])('another is rounded up for a step, and down for a budget: %d%% of %i', (percent, hosts, up, down) => {
  expect(layOutSteps([{ percent }, { percent: 100 }], hosts)).toEqual([up, hosts]);
  const amount = { percent };
  expect(budgetsOf({ failed: amount, rolledBack: amount, silent: amount }, hosts).failed).toBe(down);
});
