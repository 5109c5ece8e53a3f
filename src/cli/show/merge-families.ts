import type { FailedLine } from '../../contract/events/failure.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { meantName } from './meant-name.ts';

/** A failing line of a file, with the families of which the same is said. */
export interface ToldLine extends Omit<FailedLine, 'family'> {
  families: Family[];
}

/**
 * What is wrong with a line that is for both families is told once. Neighbours that it has in one family only are left out. After the
 * reason, which stays as it is, comes what may have been meant.
 */
export function mergeFamilies(lines: readonly FailedLine[], file: RulesetFile | null): ToldLine[] {
  const told = new Map<string, ToldLine>();
  for (const { family, ...failed } of lines) {
    const reason = failed.reason + (file === null ? '' : meantName({ family, ...failed }, file));
    const key = JSON.stringify([placeOf(file, family, failed.line), failed.text, reason]);
    const same = told.get(key);
    if (same === undefined) told.set(key, { ...failed, reason, families: [family] });
    else {
      same.families.push(family);
      const texts = new Set(failed.context.map(({ text }) => text));
      same.context = same.context.filter(({ text }) => texts.has(text));
    }
  }
  return [...told.values()];
}

/** Where all of a text stands in one line of the file, a line of it has its own number. */
function placeOf(file: RulesetFile | null, family: Family, line: number): (number | string)[] {
  if (file === null) return [line];
  const { line: own, isExact } = file.placeOf(family, line);
  return isExact ? [own] : [own, line];
}
