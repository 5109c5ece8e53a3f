import picocolors from 'picocolors';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';

/** Colours where they can be seen and are wanted: on a terminal, and without NO_COLOR (https://no-color.org). */
// Elsewhere `isTTY` is not there at all, and picocolors would decide by itself: in CI, for colours in a pipe.
export const paint = picocolors.createColors(process.stdout.isTTY ? picocolors.isColorSupported : false);

const GOOD = new Set(['online', 'heartbeat', 'completed', 'running', 'pass']);
const DOUBTFUL = new Set([
  'cancelled',
  'expired',
  'not_started',
  'silent',
  'offline',
  'rolled_back',
  'left',
  'inconclusive',
  'stopped',
  'aborted',
]);

/** A word for how something ended, or for how a host is, in its colour. */
export function paintEnd(end: string): string {
  if (isGoodEnd(end) || GOOD.has(end)) return paint.green(end);
  return DOUBTFUL.has(end) ? paint.yellow(end) : paint.red(end);
}
