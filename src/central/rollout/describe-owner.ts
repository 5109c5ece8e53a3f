import type { RolloutOwner } from '../../contract/rollouts/rollout-events.ts';
import { escapeControl } from '../../contract/words/escape.ts';

/** `ops on jump-1 (process 4711)` */
export function describeOwner({ user, host, pid }: RolloutOwner): string {
  return escapeControl(`${user} on ${host} (process ${pid})`);
}
