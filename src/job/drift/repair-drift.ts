import { converge } from '../change/converge.ts';
import { changesOf } from '../plan/plan-intent.ts';
import type { HostSession } from '../ports/session.ts';
import type { DriftOf } from './drift.ts';

/**
 * Puts back what was committed, and verifies it. A table at a time is either as it was or put back; so there is nothing to undo.
 *
 * @throws {JobFailure} {@link LockLost}
 */
export async function repairDrift({ intent, plans }: DriftOf, session: HostSession): Promise<void> {
  const { error } = await converge(intent, changesOf(plans), session);
  if (error !== null) throw error;
}
