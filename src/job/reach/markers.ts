import type { Family } from '../../contract/words/identifiers.ts';
import type { Rule } from '../../ruleset/model.ts';
import { readOptions } from '../../ruleset/text/read-options.ts';
import { splitWords } from '../../ruleset/text/split-words.ts';
import type { ChainRules } from './changed-rules.ts';
import { both, type Conditions } from './conditions.ts';
import type { SetEntries } from './read-conditions.ts';
import { type Way, Ways } from './ways.ts';

/** From where packets have come through, when they come to a chain. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  PREROUTING: ['PREROUTING'],
  INPUT: ['PREROUTING', 'INPUT'],
  FORWARD: ['PREROUTING', 'FORWARD'],
  OUTPUT: ['OUTPUT'],
  POSTROUTING: ['PREROUTING', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
};

/** The ways to the rules that mark packets, with the mark that these then have. */
export function markersOf(tables: readonly ChainRules[], family: Family, sets: SetEntries): Way[] {
  return tables.flatMap((rules) => {
    const ways = new Ways(rules, family, sets);
    const marking = [...rules.chains.values()].flat().filter(({ jump }) => jump?.target === 'MARK');
    return marking.flatMap((rule) => {
      const [mark, own] = [markOf(rule), ways.conditionsOf(rule)];
      if (mark === null || own === null) return [];
      return ways.to(rule.chain).flatMap(({ base, conditions }) => {
        const joined = both(conditions, own);
        return joined === null ? [] : [{ base, conditions: { ...joined, mark } }];
      });
    });
  });
}

/** Of a packet that had none before. */
function markOf({ spec }: Rule): number | null {
  const found = readOptions(splitWords(spec)).options.find(
    ({ owner, name }) => owner === 'MARK' && name.startsWith('set-'),
  );
  const mark = Number(found?.values[0]?.split('/')[0]);
  return Number.isNaN(mark) ? null : mark;
}

/** A way whose packets need a mark leads by a rule that gives them one. */
export function withMark(way: Way, markers: () => readonly Way[]): Way[] {
  if (hasMarks(way.conditions)) return [way];
  return markers().flatMap(({ base, conditions }) => {
    const joined = BEFORE[way.base]?.includes(base) === true ? both(way.conditions, conditions) : null;
    return joined !== null && hasMarks(joined) ? [{ base: way.base, conditions: joined }] : [];
  });
}

/** Whether the mark of packets is one that their conditions ask for. */
function hasMarks({ marks, mark }: Conditions): boolean {
  return marks.every(({ value, mask, isNegated }) => ((mark & mask) >>> 0 === value) !== isNegated);
}
