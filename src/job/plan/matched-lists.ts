import type { Ruleset } from '../../contract/jobs/job.ts';
import { FAMILIES } from '../../contract/words/identifiers.ts';
import { listOfSet } from '../../list/set-lines.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import { rulesOf } from '../../ruleset/trial/acceptance.ts';
import { mayNameObject, objectNames } from '../../ruleset/trial/objects.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { countLines, type FoundLine, ownFinding, quoteLines } from '../outcome/failed-line.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import type { Ports } from '../ports/ports.ts';
import { inTurns } from '../time/in-turns.ts';

/** A line of a ruleset that matches a list. */
export interface MatchedList {
  list: string;
  where: Pick<FoundLine, 'family' | 'line' | 'table' | 'chain'>;
}

/** Finds the lists that the rules of a ruleset match. */
export async function matchedLists(wanted: PerFamily<Map<string, WantedTable>>): Promise<MatchedList[]> {
  const found: MatchedList[] = [];
  for (const family of FAMILIES)
    for (const table of wanted[family].values())
      for (const { text, line, chain } of await inTurns(namingTexts(table)))
        for (const list of listsIn(text))
          found.push({ list, where: { family, line, table: table.name, chain } });
  return found;
}

function listsIn(text: string): string[] {
  const lists = objectNames([text]).sets.map(listOfSet);
  return lists.flatMap((list) => (list === null || list.isSpare ? [] : [list.list]));
}

interface NamingText {
  text: string;
  line: number;
  chain: string | null;
}

/** The rules and commands of a table that may name a list. */
function* namingTexts(table: WantedTable): Steps<NamingText[]> {
  const naming: NamingText[] = [];
  for (const [index, { text, source }] of (table.script ?? []).entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (mayNameObject(text)) naming.push({ text, line: source, chain: null });
  }
  for (const [index, { spec, line, chain }] of rulesOf(table).entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (mayNameObject(spec)) naming.push({ text: spec, line, chain });
  }
  return naming;
}

/**
 * Looks at those lists only: a ruleset needs no other to be readable.
 *
 * @throws {JobFailure} `list_missing`, with each line that matches a list which neither the host has nor the ruleset asks for
 * @throws {StateUnavailable}
 */
export async function assertLists(
  ruleset: Ruleset,
  matched: readonly MatchedList[],
  { lists }: Pick<Ports, 'lists'>,
): Promise<void> {
  const known = new Set(ruleset.lists ?? []);
  for (const name of new Set(matched.map(({ list }) => list))) {
    if ((await lists.record(name))?.isRemoved === false) known.add(name);
  }
  const missing = matched.filter(({ list }) => !known.has(list));
  if (missing.length === 0) return;
  const found = missing.map(({ list, where }) =>
    ownFinding({ ...where, reason: `this host has no list ${list}: send it first, or name it in "lists"` }),
  );
  const lines = quoteLines(ruleset, found);
  const message = `${countLines(lines, 'line')} of ruleset ${labelOf(ruleset)} ${found.length === 1 ? 'matches a list' : 'match lists'} that this host does not have`;
  throw new JobFailure('lint', 'list_missing', message, lines);
}
