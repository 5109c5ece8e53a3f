import { describe, expect, it } from 'vitest';
import { planRollout } from '../../src/central/rollout/plan-rollout.ts';
import { decide } from '../../src/central/rollout/rollout-decision.ts';
import { RolloutState } from '../../src/central/rollout/rollout-state.ts';
import { statusOf } from '../../src/cli/show/report-answers.ts';
import { Outcome } from '../../src/contract/event.ts';
import { isGoodEnd } from '../../src/contract/outcome.ts';
import { HostEnd } from '../../src/contract/rollout-events.ts';

describe('how hosts end', () => {
  it('is good or not, and the exit status says the same', () => {
    const good = HostEnd.options.filter(isGoodEnd);
    expect(good).toEqual(['applied', 'unchanged', 'checked', 'removed', 'reported', 'superseded']);
    for (const end of Outcome.options) expect(statusOf([end]), end).toBe(isGoodEnd(end) ? 0 : 1);
  });

  it.each([
    [[], 0],
    [['applied', 'superseded'], 0],
    [['applied', 'silent'], 4],
    [['silent', 'failed'], 1],
    [['unroutable'], 1],
    [['applied', 'not_started'], 1],
    [['silent', 'not_started'], 4],
  ])('%j: exit status %i', (ends, status) => {
    expect(statusOf(ends)).toBe(status);
  });

  it.each([
    ['superseded', 'begin'],
    ['unchanged', 'begin'],
    ['failed', 'end'],
    ['rejected', 'end'],
    ['expired', 'end'],
  ] as const)('a rollout whose first host is %s has as its next: %s', async (end, next) => {
    const nobody = { fleet: async () => ({ hosts: new Map() }) };
    const ruleset = { name: 'edge', revision: 7, ipv4: '*filter\nCOMMIT\n' };
    const steps = [{ count: 1 }, { percent: 100 }];
    const state = new RolloutState(
      await planRollout(nobody, { ruleset, whom: { hosts: ['a', 'b'] }, steps }, []),
    );
    state.step = 0;
    Object.assign(state.hosts.get('a') ?? {}, { step: 0, sentAt: 0, end });
    expect(
      decide(state, {
        now: 1,
        stepEndedAt: 0,
        lookedAt: null,
        presence: { checkedAt: null, away: new Map(), calmSince: null },
        takeBackAskedAt: new Map(),
      }).kind,
    ).toBe(next);
  });
});
