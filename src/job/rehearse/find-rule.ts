import { isSkeleton, type TrialLine } from '../../ruleset/trial/trial.ts';
import type { Attempt } from './verdict.ts';

/** How many more are tried each time. */
const GROWTH = 8;

/**
 * A rule that is refused with all jumps around it, if any is. Few suspects are tried, then more, and so on; of those that
 * are refused one half, and so on. It is begun with the rules of which there are few like them: a large ruleset mostly
 * says the same thing of many addresses, and what is wrong is something else.
 */
export async function findRule(
  lines: readonly TrialLine[],
  attempt: Attempt,
): Promise<TrialLine | undefined> {
  const isRefused = async (some: readonly TrialLine[]) => {
    const chosen = new Set(some);
    return (await attempt(lines.filter((line) => isSkeleton(line) || chosen.has(line)))) !== null;
  };
  const all = rarestFirst(lines.filter(({ kind }) => kind === 'rule'));
  let suspects: readonly TrialLine[] = [];
  for (let from = 0, size = 1; from < all.length; from += size, size *= GROWTH) {
    suspects = all.slice(from, from + size);
    // If all others are taken, it is one of the last.
    if (from + size >= all.length || (await isRefused(suspects))) break;
  }
  while (suspects.length > 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    suspects = (await isRefused(half)) ? half : suspects.slice(half.length);
  }
  return suspects[0];
}

/** Rules of one shape differ in numbers and addresses only. */
function rarestFirst(rules: readonly TrialLine[]): TrialLine[] {
  const shapes = new Map<string, TrialLine[]>();
  for (const rule of rules) {
    const shape = rule.text.replace(/\b[\da-f]*[\d:.][\da-f:./]*/gi, '#');
    const others = shapes.get(shape);
    if (others === undefined) shapes.set(shape, [rule]);
    else others.push(rule);
  }
  return [...shapes.values()].toSorted((a, b) => a.length - b.length).flat();
}
