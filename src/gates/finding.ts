import type { GateLook } from '../contract/rollouts/gates.ts';

/** What one look found. */
export type Finding = Pick<GateLook, 'verdict' | 'value' | 'wanted' | 'reason'>;

/** Nothing can be said. */
export function inconclusive(wanted: string, reason: string, value: string | null = null): Finding {
  return { verdict: 'inconclusive', value, wanted, reason };
}
