/**
 * Long work that can be interrupted: it yields after each piece, so that others have their turn. A text may have 200,000 lines, and a
 * list a million entries; a worker that reads them has to answer its broker, and whoever asks for its health, all the while.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** How many lines of a text are one piece: a few milliseconds. */
export const LINES_A_STEP = 1_000;

/** How many entries of a list are one piece. */
export const ENTRIES_A_STEP = 2_000;

/** Does the work in one go. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
