import { readOptions } from './read-options.ts';
import { splitWords } from './split-words.ts';

/** Matches and targets that print their text in quotes (xtables_save_string). */
const QUOTING = new Set(['comment', 'string', 'helper', 'nfacct', 'LOG', 'NFLOG', 'u32', 'bpf', 'cgroup']);

/**
 * Says whether a rule may be saved as another rule that looks plain. A name with a blank is printed without quotes, so the rest
 * of the name reads as options.
 *
 * @param spec the rule as it was sent
 */
export function mayBeSavedOtherwise(spec: string): boolean {
  if (!spec.includes('"')) return false;
  return readOptions(splitWords(spec)).options.some(
    ({ owner, values }) =>
      !QUOTING.has(owner) && values.some((value) => value === '' || /[ \t\n"\\]/.test(value)),
  );
}
