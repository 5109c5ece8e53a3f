import { sayNumber, sayWord } from '../text/words.ts';

/** `40 applied, 3 failed, 57 not started`: the most first. */
export function sayEnds(ends: Readonly<Record<string, number>>): string {
  const said = Object.entries(ends)
    .filter(([, count]) => count > 0)
    .toSorted(([, one], [, other]) => other - one)
    .map(([end, count]) => `${sayNumber(count)} ${sayWord(end)}`);
  return said.length === 0 ? 'none yet' : said.join(', ');
}

/** How many hosts of these have ended, in whatever way. */
export function countEnded(ends: Readonly<Record<string, number>>): number {
  return Object.entries(ends)
    .filter(([end]) => end !== 'running' && end !== 'not_started')
    .reduce((sum, [, count]) => sum + count, 0);
}
