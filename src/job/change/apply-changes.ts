import { renderChange, type TableChange } from '../../ruleset/plan/table-change.ts';
import { toolFailure } from '../outcome/tool-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { type Firewall, RestoreFailed } from '../ports/firewall.ts';
import type { Fence } from '../ports/host-lock.ts';

/**
 * Writes the changes, a table at a time: each is one transaction of the kernel, all of them together are not.
 * `attempted` gets every change before it is tried, so that whoever catches knows what may have happened.
 *
 * @throws {JobFailure} for the first table that is refused; those before it stay as they were written
 */
export async function applyChanges(
  intent: Intent,
  changes: readonly TableChange[],
  firewall: Firewall,
  fence: Fence,
  attempted: TableChange[],
): Promise<void> {
  for (const change of changes) {
    fence.assertHeld();
    attempted.push(change);
    await restore(intent, change, firewall, fence);
  }
}

async function restore(intent: Intent, change: TableChange, firewall: Firewall, fence: Fence): Promise<void> {
  const { family, table, replaces } = change;
  const request = { family, text: renderChange(change), flush: replaces };
  try {
    await firewall.restore(fence, request);
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    throw toolFailure(error.fault, { stage: 'apply', family, table, ruleset: intent.label });
  }
}
