import { renderChange, type TableChange } from '../../ruleset/plan/table-change.ts';
import { toolFailure } from '../outcome/tool-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import type { LiveRules } from '../ports/session.ts';

/** How far the changes came. */
export interface Applied {
  /** The changes that were begun. If there is an error, nobody knows whether the last of them was written. */
  tried: readonly TableChange[];
  /** Why the last change failed; a {@link JobFailure} if its table was refused. `null`: all were written. */
  error: unknown;
}

/** Writes the changes, one table at a time. Each table is one transaction of the kernel; all together are not. */
export async function applyChanges(
  intent: Intent,
  changes: readonly TableChange[],
  rules: LiveRules,
): Promise<Applied> {
  for (const [index, change] of changes.entries()) {
    try {
      await restore(intent, change, rules);
    } catch (error) {
      return { tried: changes.slice(0, index + 1), error };
    }
  }
  return { tried: changes, error: null };
}

async function restore(intent: Intent, change: TableChange, rules: LiveRules): Promise<void> {
  const { family, table, replaces } = change;
  try {
    await rules.restore({ family, text: renderChange(change), flush: replaces });
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    throw toolFailure(error.fault, {
      stage: 'apply',
      place: { family, table },
      subject: `ruleset ${intent.label}`,
    });
  }
}
