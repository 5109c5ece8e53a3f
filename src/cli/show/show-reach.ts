import { plural } from '../../central/messages/plural.ts';
import type { Reach, ReachedRule } from '../../contract/events/reach.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { paint } from '../terminal/paint.ts';

/** What a change opens and closes, a line each, and then the rules that make no difference that could be shown. */
export function showReach({ rules, leftOut, untried }: Reach, file: RulesetFile | null): string[] {
  if (untried !== null) return [`what it opens and closes could not be tried: ${escapeControl(untried)}`];
  const shown = rules.filter(({ change }) => change !== 'none');
  const others = rules.filter(({ change }) => change === 'none');
  return [
    ...shown.map((rule) => `${tellChange(rule)} (${placeOf(rule, file)})`),
    ...(others.length === 0
      ? []
      : [
          `no packet that we could send tells the difference: ${others.map((rule) => placeOf(rule, file)).join(', ')}`,
        ]),
    ...(leftOut === 0 ? [] : [`${plural(leftOut, 'more rule')} not tried`]),
  ];
}

function tellChange({ change, what, before, after }: ReachedRule): string {
  const text = escapeControl(what);
  if (change === 'opens') return `${paint.green('opens')} ${text}`;
  if (change === 'closes') return `${paint.red('closes')} ${text}`;
  return `${paint.yellow('changes')} ${text}: ${escapeControl(`${before} before, ${after} now`)}`;
}

/** `line 14`, in the file if there is one; `line 9 gone`, in the text that is live; a rule itself, where no line is known. */
function placeOf({ family, line, how, rule }: ReachedRule, file: RulesetFile | null): string {
  const gone = how === 'removed' ? ' gone' : how === 'moved' ? ' moved' : '';
  if (line === null) return escapeControl(`${rule}${gone}`);
  if (how === 'removed' || file === null) return `line ${line}${gone}`;
  return `line ${file.placeOf(family, line).line}${gone}`;
}
