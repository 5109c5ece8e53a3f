import { numberIn } from './number-in.ts';
import { targetOptions } from './option-table.ts';
import { isPlainlyWritten, onlyName } from './plainly-written.ts';
import { isPrintedOtherwise } from './printed-values.ts';
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
 * - Some values are printed as others ({@link isPrintedOtherwise}).
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
  const wanted = negated(options).filter((option) => !isSavedAsTheOthers(option, after));
  if (wanted.length > 0 && wanted.length !== negated(after).length) {
    const written = wanted.map((option) => `! ${option.written}`).join(', ');
    return `iptables-save does not print its negation (${written}), and what it prints, "${saved}", is another rule`;
  }
  const twice = givenTwice(options).find((name) => isKeptLessOften(name, options, after));
  if (twice !== undefined)
    return `--${twice} is given twice, and iptables keeps one of them: what is saved, "${saved}", is another rule`;
  const lost = options.find(isPrintedOtherwise);
  if (lost === undefined) return null;
  return `iptables-save prints ${lost.written} ${lost.values.join(' ')} as "${saved}", which is another rule`;
}

/** Says whether a rule may be one of which {@link lostInSaving} finds that a part is lost. */
export function mayBeLostInSaving(sent: string): boolean {
  const options = optionsThatMayBeLost(sent);
  if (options === null) return false;
  return negated(options).length > 0 || givenTwice(options).length > 0 || options.some(isPrintedOtherwise);
}

/** What was found in the text that was looked at last: the rules that one line makes, of which there may be hundreds, share it. */
let last: { sent: string; options: readonly RuleOption[] | null } = { sent: '', options: null };

function optionsThatMayBeLost(sent: string): readonly RuleOption[] | null {
  if (last.sent !== sent) {
    last = { sent, options: isPlainlyWritten(sent) ? null : readOptions(splitWords(sent)).options };
  }
  return last.options;
}

/** Returns the negated options of matches. Before an option of a target, iptables ignores `!`. */
function negated(options: readonly RuleOption[]): RuleOption[] {
  return options.filter(
    ({ isNegated, owner, name }) =>
      isNegated && !Object.hasOwn(OPPOSITES, name) && targetOptions(owner) === undefined,
  );
}

/**
 * Says whether the ports that a negated range leaves are printed in its place. iptables-nft makes `--dport 1024:65535` of
 * `! --dport :1023`, as it does of any such range that begins with 0.
 */
function isSavedAsTheOthers({ name, values }: RuleOption, saved: readonly RuleOption[]): boolean {
  const others = othersOf(onlyName(name), values[0] ?? '');
  return (
    others !== null &&
    saved.some(
      (option) =>
        onlyName(option.name) === onlyName(name) && !option.isNegated && others.test(option.values[0] ?? ''),
    )
  );
}

/** Returns how the ports are printed that a range from 0 leaves; `null` for any other value. The range may end with a service. */
function othersOf(name: string, value: string): RegExp | null {
  const [low = '', high] = value.split(':');
  if ((name !== 'sport' && name !== 'dport') || high === undefined) return null;
  if (low !== '' && numberIn(low) !== 0) return null;
  const end = numberIn(high);
  if (end === null) return high === '' ? null : /^\d+(?::65535)?$/;
  return end >= 65_535 ? null : new RegExp(`^${end + 1}${end === 65_534 ? '' : ':65535'}$`);
}

function givenTwice(options: readonly RuleOption[]): string[] {
  const names = options.flatMap(({ owner, name }) => (owner === 'iptables' ? [] : onlyName(name)));
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** An option that is not there at all is printed by another name (`--ttl` as `--ttl-eq`). */
function isKeptLessOften(name: string, sent: readonly RuleOption[], saved: readonly RuleOption[]): boolean {
  const count = countOf(name, saved);
  return count > 0 && count < countOf(name, sent);
}

function countOf(name: string, options: readonly RuleOption[]): number {
  return options.filter((option) => option.owner !== 'iptables' && onlyName(option.name) === name).length;
}
