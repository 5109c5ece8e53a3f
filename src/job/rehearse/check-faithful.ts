import type { Rule, Table } from '../../ruleset/model.ts';
import { plainJump } from '../../ruleset/saved/plain-rule.ts';
import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { mayBeSavedOtherwise } from '../../ruleset/text/saved-otherwise.ts';
import { rulesOf } from '../../ruleset/trial/acceptance.ts';
import { planTrial, type Trial, type TrialLine } from '../../ruleset/trial/trial.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { LINES_A_STEP, type Steps } from '../../steps.ts';
import type { Rehearsal } from '../ports/sandbox.ts';
import { inTurns, turnOfOthers } from '../time/in-turns.ts';
import { type Made, verdictOf } from './check-made.ts';
import { findRefused } from './find-refused.ts';
import { blameLines, type RefusedTable } from './restore-lines.ts';
import { NO_REASON, type Verdict } from './verdict.ts';

/**
 * Checks that what is saved of each rule restores to the same rule. Compares, undo and reboot all use the saved text. But names
 * with a blank are printed without quotes and do not restore, and some rules restore as other rules. Plain rules are known to be
 * faithful. Each other rule is tried: what is saved of it is restored, and then two listings must be the same as before: what is
 * saved, and the other way in which iptables or nft print rules.
 *
 * @returns `null` if all rules are faithful
 */
export async function checkFaithful(
  trial: Trial,
  spelled: WantedTable,
  made: Made,
  rehearsal: Rehearsal,
): Promise<RefusedTable | null> {
  const isScript = trial.wanted.script !== null;
  const rules = isScript
    ? rulesOf(spelled)
    : trial.lines.flatMap((line) => ('rules' in line ? line.rules : []));
  await turnOfOthers();
  const isOdd = ({ text }: Rule) => (isScript ? plainJump(text) === null : made.odd.has(text));
  const odd = await inTurns(pick(rules, (rule) => isOdd(rule) || mayBeSavedOtherwise(rule.spec)));
  if (odd.size === 0) return null;
  const tried = isScript ? planTrial(trial, spelled, undefined, []) : trial;
  const spell = ({ text }: Rule) => (isScript ? text : (made.spelled.get(text) ?? text));
  const lines = tried.lines.filter(
    (line) => line.kind !== 'rule' || line.rules.some((rule) => odd.has(rule)),
  );
  const attempt = async (some: readonly TrialLine[]) => await tryAgain(tried, some, spell, rehearsal);
  const verdict = await attempt(lines);
  if (verdict === null) return null;
  return { trial: tried, verdict, ...(await findRefused(lines, verdict, attempt)) };
}

function* pick(rules: readonly Rule[], isPicked: (rule: Rule) => boolean): Steps<Set<Rule>> {
  const picked = new Set<Rule>();
  for (const [index, rule] of rules.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (isPicked(rule)) picked.add(rule);
  }
  return picked;
}

async function tryAgain(
  trial: Trial,
  lines: readonly TrialLine[],
  spell: (rule: Rule) => string,
  rehearsal: Rehearsal,
): Promise<Verdict | null> {
  const refused = await blameLines(trial, lines, rehearsal);
  if (refused !== null) return refused;
  const first = await look(trial, rehearsal);
  const again = lines.flatMap((line) => ('rules' in line ? spelledLines(line, spell) : [line]));
  const verdict = await blameLines(trial, again, rehearsal);
  if (verdict !== null) return notTaken(verdict, lines, spell);
  const second = await look(trial, rehearsal);
  if (first.saved === second.saved && first.native === second.native) return null;
  const line = lines.find(({ kind }) => kind === 'rule');
  const text = line !== undefined && 'rules' in line ? spell(line.rules[0]) : '';
  return verdictOf(
    `iptables-save writes it as "${text}", which iptables-restore reads as another rule`,
    null,
  );
}

/** Returns each rule of a line in its saved spelling, at the same place. */
function spelledLines(
  line: TrialLine & { rules: readonly Rule[] },
  spell: (rule: Rule) => string,
): TrialLine[] {
  return line.rules.map((rule) => {
    const text = spell(rule);
    return { ...line, kind: 'rule', text: rule.insert ? text.replace(/^-A/, '-I') : text, rules: [rule] };
  });
}

/** @param spell as iptables-save writes a rule */
function notTaken(
  { fault, named }: Verdict,
  lines: readonly TrialLine[],
  spell: (rule: Rule) => string,
): Verdict {
  const reason = (said: string, text: string) =>
    `iptables-save writes it as "${text}", and iptables-restore does not take that: ${said}`;
  const sources = new Map(lines.map((line) => [line.source, line]));
  const mapped = named.flatMap(({ line, reason: said }) => {
    const sent = sources.get(line.source);
    return sent === undefined ? [] : [{ line: sent, reason: reason(said, line.text) }];
  });
  // Where no line is named, what is said is of the one that is tried, or of none.
  const [rule, ...others] = lines.flatMap((line) => ('rules' in line ? line.rules : []));
  if (mapped.length === 0 && rule !== undefined && others.length === 0) {
    const why = fault.kind === 'commit' ? NO_REASON : fault.message;
    return { fault: { ...fault, kind: 'rule', message: reason(why, spell(rule)) }, named: [] };
  }
  return { fault: { ...fault, message: mapped[0]?.reason ?? fault.message }, named: mapped };
}

async function look(
  { family, table }: Trial,
  rehearsal: Rehearsal,
): Promise<{ saved: string; native: string }> {
  const saved = readSavedTables(await rehearsal.saveAll(family)).get(table);
  return { saved: textOf(saved), native: await rehearsal.listNatively(family, table) };
}

function textOf(table: Table | undefined): string {
  return table === undefined ? '' : table.rules.map(({ text }) => text).join('\n');
}
