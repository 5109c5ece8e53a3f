import { hostname, userInfo } from 'node:os';
import type { RolloutOwner } from '../../contract/rollouts/rollout-events.ts';

/** What a person can find this process by. */
export function thisProcess(): RolloutOwner {
  return { user: userName(), host: hostname(), pid: process.pid };
}

/** In a container, a user need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}
