import { isGoodEnd } from '../../../contract/rollouts/outcome.ts';

/** How a word for a state or an end is shown, besides the word: it is never told by its colour alone. */
export type Tone = 'good' | 'doubtful' | 'bad' | 'plain';

const GOOD = new Set(['online', 'completed', 'pass', 'done', 'connected', 'in sync']);
const DOUBTFUL = new Set([
  'cancelled',
  'expired',
  'silent',
  'offline',
  'rolled_back',
  'inconclusive',
  'stopped',
  'aborted',
  'paused',
  'behind',
  'waiting',
]);
const PLAIN = new Set(['running', 'not_started']);

export function toneOf(word: string): Tone {
  if (PLAIN.has(word)) return 'plain';
  if (isGoodEnd(word) || GOOD.has(word)) return 'good';
  return DOUBTFUL.has(word) ? 'doubtful' : 'bad';
}

/** Stands before the word, and says the same as its colour. */
export const MARKS: Readonly<Record<Tone, string>> = { good: '✓', doubtful: '△', bad: '✕', plain: '·' };
