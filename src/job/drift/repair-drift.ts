import { converge } from '../change/converge.ts';
import { changesOf } from '../plan/plan-intent.ts';
import type { HostSession } from '../ports/session.ts';
import type { DriftOf } from './drift.ts';

/**
 * Puts back what was committed, and verifies it. There is nothing to undo if that fails: each table is then put back or
 * unchanged.
 *
 * @throws {JobFailure | LockLost}
 */
export async function repairDrift({ intent, plans }: DriftOf, session: HostSession): Promise<void> {
  const { error } = await converge(intent, changesOf(plans), session);
  if (error !== null) throw error;
}
