import { asSent } from '../ruleset/spelling.ts';
import { converge } from './converge.ts';
import type { DriftOf } from './drift.ts';
import { changesOf } from './plan-intent.ts';
import type { Fence, Ports } from './ports.ts';
import { Stopwatch } from './stopwatch.ts';

/**
 * Puts back what was committed, and verifies it. A table at a time is either as it was or put back; so there is nothing to undo.
 *
 * @throws {JobFailure} {@link LockLost}
 */
export async function repairDrift({ intent, plans }: DriftOf, ports: Ports, fence: Fence): Promise<void> {
  const spelled = Promise.resolve({ spell: () => asSent, plans });
  await converge(intent, { changes: changesOf(plans), spelled }, ports, fence, new Stopwatch(), []);
}
