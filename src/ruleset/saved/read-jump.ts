import type { Jump } from '../model.ts';
import { jumpOf } from '../text/jump-of.ts';
import { readOptions } from '../text/read-options.ts';
import { splitWords } from '../text/split-words.ts';
import { plainJump } from './plain-rule.ts';

/**
 * Where a rule jumps to, by its text as it is saved; `null`: nowhere. True of every rule that restores to the same; of an odd
 * one that does not, it is a guess.
 */
export function readJump(text: string): Jump | null {
  return plainJump(text) ?? jumpOf(readOptions(splitWords(text)).options);
}
