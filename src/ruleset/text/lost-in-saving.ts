import { targetOptions } from './option-table.ts';
import { type RuleOption, readOptions } from './read-options.ts';
import { splitWords } from './split-words.ts';

/** Options of which `!` means another option or another list. They are saved without `!`. */
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
 * Finds what iptables-save does not print of a rule, so that the saved rule is another one:
 * - A negation of everything (`! --dport 0:65535`, `! -i +`, `! --ahspi :`) never matches. Without the negation it always
 *   matches.
 * - If a match has an option twice, nft keeps the last one.
 * - Of a range of ICMP codes only the first is printed. Type 255, which does not exist, with a code is printed as any type.
 *
 * @param sent the rule as it was sent
 * @param saved the same rule as iptables-save prints it
 * @returns what is wrong; `null` if nothing is lost
 */
export function lostInSaving(sent: string, saved: string): string | null {
  if (sent === saved) return null;
  const options = optionsThatMayBeLost(sent);
  if (options === null) return null;
  const after = readOptions(splitWords(saved)).options;
  const wanted = negated(options);
  if (wanted.length > 0 && wanted.length !== negated(after).length)
    return `iptables-save does not print its negation (! ${wanted.join(', ! ')}), and what it prints, "${saved}", is another rule`;
  const twice = givenTwice(options).find((name) => countOf(name, after) < countOf(name, options));
  if (twice !== undefined)
    return `--${twice} is given twice, and iptables keeps one of them: what is saved, "${saved}", is another rule`;
  const lost = notPrinted(options);
  if (lost === undefined) return null;
  return `iptables-save prints ${lost.written} ${lost.values[0]} as "${saved}", which is another rule`;
}

/** Says whether a rule may be one of which {@link lostInSaving} finds that a part is lost. */
export function mayBeLostInSaving(sent: string): boolean {
  const options = optionsThatMayBeLost(sent);
  if (options === null) return false;
  return negated(options).length > 0 || givenTwice(options).length > 0 || notPrinted(options) !== undefined;
}

/** What was found in the text that was looked at last: the rules that one line makes, of which there may be hundreds, share it. */
let last: { sent: string; options: readonly RuleOption[] | null } = { sent: '', options: null };

function optionsThatMayBeLost(sent: string): readonly RuleOption[] | null {
  if (last.sent !== sent) {
    const mayBe = /!|icmp/.test(sent) || mayHaveTwice(sent);
    last = { sent, options: mayBe ? readOptions(splitWords(sent)).options : null };
  }
  return last.options;
}

const ICMP_TYPES = new Set(['icmp-type', 'icmpv6-type']);
/** A range of codes, but not of all codes or of one; or type 255, which does not exist, with a code. */
const NOT_PRINTED = /\/(?!0:255$)(?!(\d+):\1$)\d+:|^255\/(?!0:255$)/;

function notPrinted(options: readonly RuleOption[]): RuleOption | undefined {
  return options.find(({ name, values }) => ICMP_TYPES.has(name) && NOT_PRINTED.test(values[0] ?? ''));
}

/** Returns the negated options of matches. Before an option of a target, iptables ignores `!`. */
function negated(options: readonly RuleOption[]): string[] {
  return options
    .filter(
      ({ isNegated, owner, name }) =>
        isNegated && !Object.hasOwn(OPPOSITES, name) && targetOptions(owner) === undefined,
    )
    .map(({ written }) => written);
}

/** Says whether an option may be there twice. A quick test: most rules have each `--option` only once. */
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

/** Options with two names, and the name that is used here. */
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
