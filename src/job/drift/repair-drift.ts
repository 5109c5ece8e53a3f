import { converge } from '../change/converge.ts';
import { Stopwatch } from '../outcome/stopwatch.ts';
import { changesOf } from '../plan/plan-intent.ts';
import type { Fence } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import type { DriftOf } from './drift.ts';

/**
 * Puts back what was committed, and verifies it. A table at a time is either as it was or put back; so there is nothing to undo.
 *
 * @throws {JobFailure} {@link LockLost}
 */
export async function repairDrift({ intent, plans }: DriftOf, ports: Ports, fence: Fence): Promise<void> {
  await converge(intent, changesOf(plans), ports, fence, new Stopwatch(), []);
}
