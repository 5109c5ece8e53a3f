import { toneOf } from '../text/tone.ts';
import { sayNumber, sayWord } from '../text/words.ts';

const ORDER = ['bad', 'doubtful', 'good', 'plain'];

/** `3 failed, 40 applied, 57 not started`: what somebody has to look at comes first, then what is the most. */
export function sayEnds(ends: Readonly<Record<string, number>>): string {
  const said = Object.entries(ends)
    .filter(([, count]) => count > 0)
    .toSorted(([a, one], [b, other]) => ORDER.indexOf(toneOf(a)) - ORDER.indexOf(toneOf(b)) || other - one)
    .map(([end, count]) => `${sayNumber(count)} ${sayWord(end)}`);
  return said.length === 0 ? 'none yet' : said.join(', ');
}

/** Whether hosts are among them that somebody has to look at. */
export function hasTrouble(ends: Readonly<Record<string, number>>): boolean {
  return Object.entries(ends).some(([end, count]) => count > 0 && ['bad', 'doubtful'].includes(toneOf(end)));
}

/** How many hosts of these have ended, in whatever way. */
export function countEnded(ends: Readonly<Record<string, number>>): number {
  return Object.entries(ends)
    .filter(([end]) => end !== 'running' && end !== 'not_started')
    .reduce((sum, [, count]) => sum + count, 0);
}
