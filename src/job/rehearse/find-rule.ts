import { isSkeleton, type TrialLine } from '../../ruleset/trial/trial.ts';
import type { Attempt } from './verdict.ts';

/** Each step tries this many times more rules than the step before. */
const GROWTH = 8;

/**
 * Finds one rule that is refused together with all jumps. Tries few suspects, then more and more. When a group is refused, halves
 * it until one rule is left. Begins with the rules of the rarest shapes: most rules of a large ruleset say the same about many
 * addresses, and the wrong rule is usually another one.
 *
 * @returns `undefined` if there are no rules; some rule, if no single rule is refused so: the caller tries it
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
    // All other rules are taken, so the last group has the refused rule.
    if (from + size >= all.length || (await isRefused(suspects))) break;
  }
  while (suspects.length > 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    suspects = (await isRefused(half)) ? half : suspects.slice(half.length);
  }
  return suspects[0];
}

/** Sorts rules by how many others have their shape. Rules of one shape differ only in numbers and addresses. */
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
