import { LINES_A_STEP, type Steps } from '../../steps.ts';
import type { Rule } from '../model.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { type Acceptance, type AcceptedRules, rulesOf, type Spellings } from './acceptance.ts';
import { reachOf } from './reach.ts';
import { type Run, runsOf } from './runs.ts';
import { isTakenAnywhere } from './taken-anywhere.ts';

/**
 * Returns how the kernel spells the rules of a table, where it is known to take them from where the table reaches them.
 *
 * Usually little has changed since a rule was accepted. So each chain is compared with the same chain as it was accepted, from
 * both ends, and only what is in between is looked up. A rule that moved from one of the ends may be missed: then it is tried
 * again.
 *
 * @param known what it took before of this table; `undefined`: nothing
 */
export function* knownSpellings(known: Acceptance | undefined, table: WantedTable): Steps<Spellings> {
  const rules = rulesOf(table);
  const spellings = Array.from<string | undefined>({ length: rules.length }).fill(undefined);
  const reach = reachOf(table);
  yield;
  if (known === undefined) return spellings;
  for (const run of runsOf(rules, reach)) yield* spellRun(rules, run, known, spellings);
  return spellings;
}

function* spellRun(
  rules: readonly Rule[],
  run: Run,
  acceptance: Acceptance,
  spellings: (string | undefined)[],
): Steps<void> {
  const { place, reach } = run;
  const before = acceptance.rules.get(place) ?? NONE;
  const isReachedAsBefore = before.reach === reach;
  const learn = (index: number, spelling: string | undefined) => (spellings[index] ??= spelling);
  const learnFromBefore = (index: number, spelling: string | undefined) => {
    if (isReachedAsBefore || isTakenAnywhere(rules[index]?.text ?? '')) learn(index, spelling);
  };
  const most = Math.min(before.texts.length, run.end - run.first);
  let head = 0;
  while (head < most && rules[run.first + head]?.text === before.texts[head]) head += 1;
  let tail = 0;
  while (
    tail < most - head &&
    rules[run.end - 1 - tail]?.text === before.texts[before.texts.length - 1 - tail]
  )
    tail += 1;
  for (let at = 0; at < head; at += 1) learnFromBefore(run.first + at, before.spelled[at]);
  for (let at = 1; at <= tail; at += 1)
    learnFromBefore(run.end - at, before.spelled[before.spelled.length - at]);
  if (head + tail === run.end - run.first) return;
  yield;
  const others = yield* lookUp(acceptance, reach, place, head, tail);
  for (let index = run.first + head; index < run.end - tail; index += 1) {
    learn(index, others.get(rules[index]?.text ?? ''));
    if (index % LINES_A_STEP === 0) yield;
  }
}

const NONE: AcceptedRules = { reach: '', texts: [], spelled: [] };

/** The spelling of each rule that is reached from there, without the first `head` and the last `tail` of one place. */
function* lookUp(
  { rules }: Acceptance,
  reach: string,
  place: string,
  head: number,
  tail: number,
): Steps<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, { reach: from, texts, spelled }] of rules) {
    if (from !== reach) continue;
    const [first, end] = name === place ? [head, texts.length - tail] : [0, texts.length];
    for (let at = first; at < end; at += 1) {
      found.set(texts[at] ?? '', spelled[at] ?? '');
      if (at % LINES_A_STEP === 0) yield;
    }
  }
  return found;
}
