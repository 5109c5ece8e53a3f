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

/** How many texts are sorted in one go, which is quicker than to merge them: some twenty milliseconds. */
const TEXTS_A_PIECE = 16 * ENTRIES_A_PIECE;

/** As `toSorted` does it, a piece at a time: pieces are sorted by themselves, and then merged. */
export function* sorted(texts: readonly string[]): Pieces<string[]> {
  let runs: string[][] = [];
  for (let first = 0; first < texts.length; first += TEXTS_A_PIECE) {
    runs.push(texts.slice(first, first + TEXTS_A_PIECE).sort());
    yield;
  }
  while (runs.length > 1) {
    const longer: string[][] = [];
    for (let first = 0; first < runs.length; first += 2)
      longer.push(yield* merged(runs[first] ?? [], runs[first + 1] ?? []));
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged(some: readonly string[], others: readonly string[]): Pieces<string[]> {
  const all: string[] = [];
  let index = 0;
  for (const text of some) {
    for (let other = others[index]; other !== undefined && other < text; other = others[index]) {
      all.push(other);
      index += 1;
    }
    all.push(text);
    if (all.length % ENTRIES_A_PIECE === 0) yield;
  }
  for (; index < others.length; index += 1) {
    all.push(others[index] as string);
    if (all.length % ENTRIES_A_PIECE === 0) yield;
  }
  return all;
}
