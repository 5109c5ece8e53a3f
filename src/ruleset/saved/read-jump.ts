import type { Jump } from '../model.ts';
import { jumpOf } from '../text/jump-of.ts';
import { readOptions } from '../text/read-options.ts';
import { splitWords } from '../text/split-words.ts';
import { plainJump } from './plain-rule.ts';

/**
 * Reads where a saved rule jumps to; `null`: nowhere. This is right for every rule that restores to the same rule. For an odd
 * rule that does not, it is a guess.
 */
export function readJump(text: string): Jump | null {
  return plainJump(text) ?? jumpOf(readOptions(splitWords(text)).options);
}
