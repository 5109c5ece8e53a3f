import { readOptions } from './read-options.ts';
import { splitWords } from './split-words.ts';

/** What prints its text in quotes (xtables_save_string). */
const QUOTING = new Set(['comment', 'string', 'helper', 'nfacct', 'LOG', 'NFLOG', 'u32', 'bpf', 'cgroup']);

/**
 * Whether a rule may be saved as one that looks plain, and is another: a name with a blank is printed without quotes, so that the
 * rest of it reads as options.
 *
 * @param spec as it was sent
 */
export function mayBeSavedOtherwise(spec: string): boolean {
  if (!spec.includes('"')) return false;
  return readOptions(splitWords(spec)).options.some(
    ({ owner, values }) =>
      !QUOTING.has(owner) && values.some((value) => value === '' || /[ \t\n"\\]/.test(value)),
  );
}
