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
