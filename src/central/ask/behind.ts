import { abortable } from '../../broker/connection/abortable.ts';
import { MAX_CONFIRM_SECONDS } from '../../contract/jobs/job.ts';
import type { AskOptions } from './ask-options.ts';
import type { Operator } from './operator.ts';
import type { Behind } from './options.ts';

/** Which hosts that are there wait for somebody to confirm another job. */
export async function hostsBehind(
  operator: Operator,
  own: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Map<string, Behind>> {
  const { hosts } = await operator.fleet({ lookBackMs: MAX_CONFIRM_SECONDS * 1000, signal });
  const behind = new Map<string, Behind>();
  for (const { hostId, presence, pending, pendingUntil } of hosts.values()) {
    if (presence !== 'online' || pending === null || own.has(pending)) continue;
    behind.set(hostId, { jobId: pending, until: pendingUntil });
  }
  return behind;
}

/** How long a host may be behind from now on, in milliseconds. */
export function behindMs({ until }: Behind): number {
  return until === null ? MAX_CONFIRM_SECONDS * 1000 : Math.max(0, until.getTime() - Date.now());
}

/**
 * Those of hosts that have not begun which wait for a person. They are there, and not silent. A look at the fleet takes as long as the
 * broker takes: nobody waits for it once the signal is aborted.
 */
export async function findBehind(
  late: readonly string[],
  look: AskOptions['lookBehind'],
  signal: AbortSignal,
): Promise<[string, Behind][]> {
  if (late.length === 0 || look === undefined) return [];
  const behind = await abortable(look(signal), signal).catch(() => new Map<string, Behind>());
  return [...behind].filter(([host]) => late.includes(host));
}
