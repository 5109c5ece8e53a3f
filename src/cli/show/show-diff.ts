import type { Diff } from '../../contract/events/event.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { paint } from '../terminal/paint.ts';
import { describeCounts } from './describe-counts.ts';
import { showReach } from './show-reach.ts';

/** By family and table, what goes and what comes; then what that opens and closes, where it was tried. */
export function showDiff(diff: Diff | null, file: RulesetFile | null): string {
  const tables = (diff?.tables ?? []).flatMap(({ family, table, added, removed, truncated }) => [
    `${family} ${table}`,
    ...removed.map((rule) => paint.red(`- ${escapeControl(rule)}`)),
    ...added.map((rule) => paint.green(`+ ${escapeControl(rule)}`)),
    ...(truncated ? ['  … and more'] : []),
    '',
  ]);
  const reach = diff?.reach === undefined ? [] : [...showReach(diff.reach, file), ''];
  return [...tables, ...reach, describeCounts(diff)].join('\n');
}
