import { escapeControl } from '../../contract/escape.ts';
import type { Diff } from '../../contract/event.ts';
import { paint } from '../terminal/paint.ts';
import { describeCounts } from './describe-counts.ts';

/** By family and table, what goes and what comes. */
export function showDiff(diff: Diff | null): string {
  const tables = (diff?.tables ?? []).flatMap(({ family, table, added, removed, truncated }) => [
    `${family} ${table}`,
    ...removed.map((rule) => paint.red(`- ${escapeControl(rule)}`)),
    ...added.map((rule) => paint.green(`+ ${escapeControl(rule)}`)),
    ...(truncated ? ['  … and more'] : []),
    '',
  ]);
  return [...tables, describeCounts(diff)].join('\n');
}
