import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/ruleset/text/split-words.ts';
import { IS_LONG_RUN } from '../support/namespace.ts';
import { IPTABLES_VERSIONS } from './iptables-source.ts';
import { oddTexts } from './odd-texts.ts';
import { splitByIptables } from './original-splitter.ts';

/** How many texts to compare for each version of iptables. */
const TEXTS = IS_LONG_RUN ? 500_000 : 200_000;
const AT_ONCE = 50_000;
/** The seed of the random texts; set it to repeat a run that failed. */
const SEED = Number(process.env['FLEETWALL_SEED'] ?? Date.now() % 2 ** 31);

describe.each(IPTABLES_VERSIONS)('words as iptables-restore %s reads them', (version) => {
  it('are split in the same way by fleetwall, in hundreds of thousands of odd texts', async () => {
    let read = 0;
    for (let part = 0; part < TEXTS / AT_ONCE; part += 1) {
      const seed = SEED + part;
      const texts = oddTexts(seed, AT_ONCE);
      const original = await splitByIptables(version, texts);
      for (const [at, text] of texts.entries()) {
        const line = original[at];
        // A text that iptables refuses for its length has no words to compare.
        if (line === undefined || line.refused !== null) continue;
        read += 1;
        if (!isSame(splitWords(text), line.words)) throw new Error(differenceOf(seed, text, line.words));
      }
    }
    expect(read).toBeGreaterThan(TEXTS * 0.95);
  });
});

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((word, at) => word === others[at]);
}

function differenceOf(seed: number, text: string, words: readonly string[]): string {
  return [
    `of the texts of seed ${seed} (FLEETWALL_SEED=${seed} repeats it):`,
    JSON.stringify(text),
    `iptables: ${JSON.stringify(words)}`,
    `ours:     ${JSON.stringify(splitWords(text))}`,
  ].join('\n');
}
