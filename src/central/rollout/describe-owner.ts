import { escapeControl } from '../../contract/escape.ts';
import type { RolloutOwner } from '../../contract/rollout-events.ts';

/** `ops on jump-1 (process 4711)` */
export function describeOwner({ user, host, pid }: RolloutOwner): string {
  return escapeControl(`${user} on ${host} (process ${pid})`);
}
