import { targetOptions } from './option-table.ts';
import { type RuleOption, readOptions } from './read-options.ts';
import { splitWords } from './split-words.ts';

/** Where `!` is another option, or another list, and is saved as that. */
const OPPOSITES: Readonly<Record<string, string>> = {
  'hashlimit-upto': 'hashlimit-above',
  'hashlimit-above': 'hashlimit-upto',
  hashlimit: 'hashlimit-above',
  'connlimit-upto': 'connlimit-above',
  'connlimit-above': 'connlimit-upto',
  weekdays: 'weekdays',
  monthdays: 'monthdays',
};

/**
 * What iptables-save does not print of a rule, so that what is saved is another:
 * - a negation of all that there is (`! --dport 0:65535`, `! -i +`, `! --ahspi :`) never matches, and without it always does;
 * - of an option that a match is given twice, nft keeps the last;
 * - of ICMP codes from one to another only the first is printed, and type 255, which is none, with a code as any.
 *
 * @param sent the rule as it was sent
 * @param saved and as iptables-save prints it
 * @returns what is wrong; `null` if nothing got lost
 */
export function lostInSaving(sent: string, saved: string): string | null {
  if (sent === saved || !(/!|icmp/.test(sent) || mayHaveTwice(sent))) return null;
  const { options } = readOptions(splitWords(sent));
  const after = readOptions(splitWords(saved)).options;
  const wanted = negated(options);
  if (wanted.length > 0 && wanted.length !== negated(after).length)
    return `iptables-save does not print its negation (! ${wanted.join(', ! ')}), and what it prints, "${saved}", is another rule`;
  const twice = givenTwice(options).find((name) => countOf(name, after) < countOf(name, options));
  if (twice !== undefined)
    return `--${twice} is given twice, and iptables keeps one of them: what is saved, "${saved}", is another rule`;
  const lost = options.find(({ name, values }) => ICMP_TYPES.has(name) && NOT_PRINTED.test(values[0] ?? ''));
  if (lost === undefined) return null;
  return `iptables-save prints ${lost.written} ${lost.values[0]} as "${saved}", which is another rule`;
}

const ICMP_TYPES = new Set(['icmp-type', 'icmpv6-type']);
/** A range of codes, but of all codes or of one; the type that is none, with a code. */
const NOT_PRINTED = /\/(?!0:255$)(?!(\d+):\1$)\d+:|^255\/(?!0:255$)/;

/** Those of matches: before an option of a target, iptables ignores `!`. */
function negated(options: readonly RuleOption[]): string[] {
  return options
    .filter(
      ({ isNegated, owner, name }) =>
        isNegated && !Object.hasOwn(OPPOSITES, name) && targetOptions(owner) === undefined,
    )
    .map(({ written }) => written);
}

/** Most rules have each word that begins with a dash once, but for `-m`. */
function mayHaveTwice(sent: string): boolean {
  const first = sent.indexOf('--');
  if (first === -1 || !sent.includes('--', first + 2)) return false;
  const seen = new Set<string>();
  for (const [word] of sent.matchAll(/--[^ =]+/g)) {
    const name = fullName(word.slice(2));
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/** Other names of the same. */
const SAME: Readonly<Record<string, string>> = {
  syn: 'tcp-flags',
  'source-port': 'sport',
  'destination-port': 'dport',
};

function fullName(name: string): string {
  return Object.hasOwn(SAME, name) ? (SAME[name] ?? name) : name;
}

function givenTwice(options: readonly RuleOption[]): string[] {
  const names = options.flatMap(({ owner, name }) => (owner === 'iptables' ? [] : fullName(name)));
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function countOf(name: string, options: readonly RuleOption[]): number {
  return options.filter((option) => option.owner !== 'iptables' && fullName(option.name) === name).length;
}
