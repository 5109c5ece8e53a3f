import picocolors from 'picocolors';

/** Colours where they can be seen and are wanted: on a terminal, and without NO_COLOR (https://no-color.org). */
// Elsewhere `isTTY` is not there at all, and picocolors would decide by itself: in CI, for colours in a pipe.
export const paint = picocolors.createColors(process.stdout.isTTY ? picocolors.isColorSupported : false);

const GOOD = new Set(['applied', 'unchanged', 'checked', 'removed', 'reported', 'online', 'completed']);
const DOUBTFUL = new Set([
  'superseded',
  'expired',
  'not_started',
  'silent',
  'offline',
  'rolled_back',
  'stopped',
  'aborted',
]);

/** A word for how something ended, in its colour. Padded before it is painted, as colours have no width. */
export function paintEnd(end: string, width = 0): string {
  const word = end.padEnd(width);
  if (GOOD.has(end)) return paint.green(word);
  return DOUBTFUL.has(end) ? paint.yellow(word) : paint.red(word);
}
