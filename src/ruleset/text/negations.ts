import { readOptions } from './read-options.ts';
import { splitWords } from './split-words.ts';

/** Where `!` is another option, and is saved as that. */
const OPPOSITES: Readonly<Record<string, string>> = {
  'hashlimit-upto': 'hashlimit-above',
  'hashlimit-above': 'hashlimit-upto',
  hashlimit: 'hashlimit-above',
  'connlimit-upto': 'connlimit-above',
  'connlimit-above': 'connlimit-upto',
};

/**
 * A negation of all that there is (`! --dport 0:65535`, `! -i +`, `! --ahspi :`) never matches, and iptables-save prints nothing
 * of it: what is saved would always match.
 *
 * @param sent the rule as it was sent
 * @param saved and as iptables-save prints it
 * @returns what is wrong; `null` if no negation got lost
 */
export function vanishedNegation(sent: string, saved: string): string | null {
  if (!sent.includes('!') || sent === saved) return null;
  const wanted = negated(sent);
  if (wanted.length === 0 || wanted.length === negated(saved).length) return null;
  return `iptables-save does not print its negation (! ${wanted.join(', ! ')}), and what it prints, "${saved}", is another rule`;
}

function negated(text: string): string[] {
  return readOptions(splitWords(text))
    .options.filter(({ isNegated, name }) => isNegated && !Object.hasOwn(OPPOSITES, name))
    .map(({ written }) => written);
}
