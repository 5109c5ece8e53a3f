import { finish, LINES_A_STEP, type Steps } from '../../steps.ts';

/** The difference between two lists of rules. */
export interface ListDiff {
  added: string[];
  removed: string[];
  unchanged: number;
}

/**
 * Compares whole rules by value, in time linear in their number. A rule in both lists is unchanged, even at another place. If
 * only the order differs, everything between the first and the last difference is removed and added.
 */
export function* diffSteps(before: readonly string[], after: readonly string[]): Steps<ListDiff> {
  const { head, tail } = sameEnds(before, after);
  const oldMiddle = before.slice(head, before.length - tail);
  const newMiddle = after.slice(head, after.length - tail);
  const added = yield* subtractSteps(newMiddle, oldMiddle);
  const removed = yield* subtractSteps(oldMiddle, newMiddle);
  if (added.length === 0 && removed.length === 0) {
    return { added: newMiddle, removed: oldMiddle, unchanged: head + tail };
  }
  return { added, removed, unchanged: after.length - added.length };
}

/** As {@link diffSteps}, in one go. */
export function diffLists(before: readonly string[], after: readonly string[]): ListDiff {
  return finish(diffSteps(before, after));
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Returns what is in `list` more often than in `other`, in the order of `list`. */
export function subtract(list: readonly string[], other: readonly string[]): string[] {
  return finish(subtractSteps(list, other));
}

function* subtractSteps(list: readonly string[], other: readonly string[]): Steps<string[]> {
  if (other.length === 0) return [...list];
  const left = new Map<string, number>();
  let done = 0;
  for (const value of other) {
    left.set(value, (left.get(value) ?? 0) + 1);
    done += 1;
    if (done % LINES_A_STEP === 0) yield;
  }
  const found: string[] = [];
  for (const value of list) {
    const count = left.get(value) ?? 0;
    if (count > 0) left.set(value, count - 1);
    else found.push(value);
    done += 1;
    if (done % LINES_A_STEP === 0) yield;
  }
  return found;
}

/** Returns how many items are the same at the beginning of both lists, and then at their ends. No item counts twice. */
export function sameEnds(a: readonly string[], b: readonly string[]): { head: number; tail: number } {
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  return { head, tail };
}
