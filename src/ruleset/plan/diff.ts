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
export function diffLists(before: readonly string[], after: readonly string[]): ListDiff {
  const head = countEqual(before, after, (list, index) => list[index]);
  const most = Math.min(before.length, after.length) - head;
  const tail = Math.min(
    most,
    countEqual(before, after, (list, index) => list[list.length - 1 - index]),
  );
  const oldMiddle = before.slice(head, before.length - tail);
  const newMiddle = after.slice(head, after.length - tail);
  const added = subtract(newMiddle, oldMiddle);
  const removed = subtract(oldMiddle, newMiddle);
  if (added.length === 0 && removed.length === 0) {
    return { added: newMiddle, removed: oldMiddle, unchanged: head + tail };
  }
  return { added, removed, unchanged: after.length - added.length };
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Returns what is in `list` more often than in `other`, in the order of `list`. */
export function subtract(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const value of other) left.set(value, (left.get(value) ?? 0) + 1);
  return list.filter((value) => {
    const count = left.get(value) ?? 0;
    if (count > 0) left.set(value, count - 1);
    return count === 0;
  });
}

type ItemAt = (list: readonly string[], index: number) => string | undefined;

function countEqual(a: readonly string[], b: readonly string[], pick: ItemAt): number {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most && pick(a, count) === pick(b, count)) count += 1;
  return count;
}
