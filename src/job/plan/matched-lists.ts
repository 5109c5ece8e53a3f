import { FAMILIES } from '../../contract/identifiers.ts';
import type { Ruleset } from '../../contract/job.ts';
import { listOfSet } from '../../list/set-lines.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import { rulesOf } from '../../ruleset/trial/acceptance.ts';
import { mayNameObject, objectNames } from '../../ruleset/trial/objects.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { countLines, type FoundLine, ownFinding, quoteLines } from '../outcome/failed-line.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import type { Ports } from '../ports/ports.ts';

/** A line of a ruleset that matches a list. */
export interface MatchedList {
  list: string;
  where: Pick<FoundLine, 'family' | 'line' | 'table' | 'chain'>;
}

/** Finds the lists that the rules of a ruleset match. */
export function matchedLists(wanted: PerFamily<Map<string, WantedTable>>): MatchedList[] {
  return FAMILIES.flatMap((family) =>
    [...wanted[family].values()].flatMap((table) =>
      textsOf(table).flatMap(({ text, line, chain }) =>
        objectNames([text]).sets.flatMap((set) => {
          const list = listOfSet(set);
          if (list === null || list.isSpare) return [];
          return [{ list: list.list, where: { family, line, table: table.name, chain } }];
        }),
      ),
    ),
  );
}

/** The texts that may name a list. */
function textsOf(table: WantedTable): { text: string; line: number; chain: string | null }[] {
  const commands = (table.script ?? []).map(({ text, source }) => ({ text, line: source, chain: null }));
  const rules = rulesOf(table)
    .filter(({ spec }) => mayNameObject(spec))
    .map(({ spec, line, chain }) => ({ text: spec, line: line ?? 0, chain }));
  return [...commands, ...rules];
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
