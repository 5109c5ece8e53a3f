import { expect, it } from 'vitest';
import { passGates } from '../../src/central/rollout/open-gates.ts';
import type { GateWatch } from '../../src/central/rollout/rollout-options.ts';
import type { RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';

it('is left with the reason of the signal, while gates say nothing', async () => {
  const watch: GateWatch = {
    rules: { names: ['g'], digest: '0'.repeat(64), everySeconds: 600, failures: 1, onInconclusive: 'pause' },
    look: async () => [
      { name: 'g', verdict: 'inconclusive', value: null, wanted: '', reason: '', at: '2026-11-22T10:00:00Z' },
    ],
  };
  const stop = new AbortController();
  const reason = new Error('told to stop');
  const record = { expiresAt: '2999-01-01T00:00:00Z' } as RolloutStarted;
  const passing = passGates(watch, record, {
    signal: stop.signal,
    onGates: () => void setImmediate(() => stop.abort(reason)),
  });
  await expect(passing).rejects.toBe(reason);
});
