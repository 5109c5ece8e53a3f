import { describe, expect, it } from 'vitest';
import { planRollout } from '../../src/central/rollout/plan-rollout.ts';
import { decide } from '../../src/central/rollout/rollout-decision.ts';
import { RolloutState } from '../../src/central/rollout/rollout-state.ts';
import { statusOf } from '../../src/cli/show/report-answers.ts';
import { Outcome } from '../../src/contract/events/event.ts';
import { isGoodEnd } from '../../src/contract/rollouts/outcome.ts';
import { HostEnd } from '../../src/contract/rollouts/rollout-events.ts';

/** What follows where hosts of the first step have ended so; one more is in the second. */
async function decided(ends: Record<string, HostEnd>, first: number) {
  const nobody = { fleet: async () => ({ hosts: new Map() }) };
  const ruleset = { name: 'edge', revision: 7, ipv4: '*filter\nCOMMIT\n' };
  const steps = [{ count: first }, { percent: 100 }];
  const hosts = [...Object.keys(ends), 'last'];
  const state = new RolloutState(await planRollout(nobody, { ruleset, whom: { hosts }, steps }, []));
  state.step = 0;
  for (const [host, end] of Object.entries(ends))
    Object.assign(state.hosts.get(host) ?? {}, { step: 0, sentAt: 0, end });
  return decide(state, {
    now: 1,
    stepEndedAt: 0,
    lookedAt: null,
    presence: { checkedAt: null, away: new Map(), calmSince: null },
    takeBackAskedAt: new Map(),
  });
}

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
    expect((await decided({ a: end }, 1)).kind).toBe(next);
  });

  it('a rollout that is stopped says all that is over its limits', async () => {
    expect(await decided({ a: 'failed', b: 'rolled_back', c: 'unroutable' }, 3)).toMatchObject({
      kind: 'end',
      end: {
        reason:
          '1 of 4 hosts failed, and no more than 0 may; 1 of 4 hosts rolled back, and no more than 0 may; 1 of 4 hosts silent, and no more than 0 may',
      },
    });
  });
});
