/**
 * Work on a list that may have a million entries: it yields after each piece, so that the worker answers its broker, and whoever asks for
 * its health, all the while.
 */
export type Pieces<T> = Generator<undefined, T, undefined>;

/** How many entries are one piece: a few milliseconds. */
export const ENTRIES_A_PIECE = 2_000;

/** Does the work in one go. */
export function atOnce<T>(pieces: Pieces<T>): T {
  for (;;) {
    const { done, value } = pieces.next();
    if (done === true) return value;
  }
}

/** As `toSorted` does it, a piece at a time: pieces are sorted by themselves, and then merged. */
export function* sorted<T>(items: readonly T[], compare: (one: T, other: T) => number): Pieces<T[]> {
  let runs: T[][] = [];
  for (let first = 0; first < items.length; first += ENTRIES_A_PIECE) {
    runs.push(items.slice(first, first + ENTRIES_A_PIECE).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const longer: T[][] = [];
    for (let first = 0; first < runs.length; first += 2)
      longer.push(yield* merged(runs[first] ?? [], runs[first + 1] ?? [], compare));
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<T>(
  some: readonly T[],
  others: readonly T[],
  compare: (one: T, other: T) => number,
): Pieces<T[]> {
  const all: T[] = [];
  let index = 0;
  for (const item of some) {
    for (let other = others[index]; other !== undefined && compare(other, item) < 0; other = others[index]) {
      all.push(other);
      index += 1;
    }
    all.push(item);
    if (all.length % ENTRIES_A_PIECE === 0) yield;
  }
  for (; index < others.length; index += 1) {
    all.push(others[index] as T);
    if (all.length % ENTRIES_A_PIECE === 0) yield;
  }
  return all;
}
