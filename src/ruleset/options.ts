/** Reading the options of one rule as getopt does: just as much as ownership and lint need to know. */

/**
 * The words of a rule as `iptables-restore` splits them: at spaces, with double quotes around what holds some,
 * and `\` before a character that is meant as it stands (add_param_to_argv in iptables/xshared.c).
 * `null` if a quote is never closed.
 */
export function splitWords(spec: string): string[] | null {
  // Most rules quote nothing, and there are up to 200,000 of them.
  if (!spec.includes('"')) return splitPlainly(spec);
  const words: string[] = [];
  let word = '';
  let started = false;
  let quoted = false;
  for (let at = 0; at < spec.length; at += 1) {
    const character = spec.charAt(at);
    if (quoted && character === '\\') {
      at += 1;
      word += spec.charAt(at);
    } else if (character === '"') {
      quoted = !quoted;
      started = true;
    } else if (!quoted && (character === ' ' || character === '\t')) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += character;
      started = true;
    }
  }
  if (quoted) return null;
  if (started) words.push(word);
  return words;
}

function splitPlainly(spec: string): string[] {
  if (spec === '') return [];
  if (!spec.includes('  ') && !spec.includes('\t') && !spec.endsWith(' ')) return spec.split(' ');
  return spec.split(/[ \t]+/).filter((word) => word !== '');
}

/** One option of a rule, with the first word of its value. */
export interface RuleOption {
  /** As it was written: `-s`, `--source`, `--sour`. */
  name: string;
  value: string | null;
}

/** Options whose value is free text, and so may look like another option. */
const FREE_TEXT = new Set([
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--string',
  '--hex-string',
  '--name',
]);

/** Letters that stand for themselves, and so may be followed by others in the same word (the optstring of iptables). */
const FLAG_LETTERS = new Set('fbvnxh46LSFZXVwW');

/** The options of a rule, as getopt_long reads them; of a rule with an open quote, as far as can be told. */
export function readOptions(spec: string): RuleOption[] {
  const words = splitWords(spec) ?? spec.split(/[ \t]+/);
  const options: RuleOption[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? null;
    if (!word.startsWith('-') || word === '-') continue;
    if (word.length === 2)
      options.push({ name: word, value: FLAG_LETTERS.has(word.charAt(1)) ? null : next });
    else if (!word.startsWith('--')) options.push(...readLetters(word, next));
    else {
      const equals = word.indexOf('=');
      const name = equals === -1 ? word : word.slice(0, equals);
      options.push({ name, value: equals === -1 ? next : word.slice(equals + 1) });
      if (equals === -1 && FREE_TEXT.has(name)) at += 1;
    }
  }
  return options;
}

/** `-jACCEPT` is `-j ACCEPT`, and `-fnj ACCEPT` is `-f -n -j ACCEPT`. */
function readLetters(word: string, next: string | null): RuleOption[] {
  const options: RuleOption[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const rest = word.slice(at + 1);
    if (!FLAG_LETTERS.has(letter))
      return [...options, { name: `-${letter}`, value: rest === '' ? next : rest }];
    options.push({ name: `-${letter}`, value: null });
  }
  return options;
}

/** Whether an option is the one of that name: getopt_long takes any beginning of a long name that is no other's. */
export function isOption({ name }: RuleOption, letter: string, long: string, shortest: number): boolean {
  return name === letter || (name.length >= shortest && long.startsWith(name));
}

/**
 * Everything in a rule that reads as the chain or target of a jump (`-j`, `-g`). A rule that iptables takes has
 * one at most; where a value only looks like a jump there are more, and whoever decides on them looks at all.
 */
export function jumpTargets(spec: string): string[] {
  const jumps = readOptions(spec).filter((option) => isJump(option) || isGoto(option));
  return jumps.flatMap(({ value }) => value ?? []);
}

/** `-j` and every spelling of it. */
export function isJump(option: RuleOption): boolean {
  return isOption(option, '-j', '--jump', 3);
}

/** `-g` and every spelling of it. */
export function isGoto(option: RuleOption): boolean {
  return isOption(option, '-g', '--goto', 3);
}

/** Whether a rule jumps to one of the chains. */
export function jumpsToAny(spec: string, chains: ReadonlySet<string>): boolean {
  // Most rules of a host do not even name one: to see that is far cheaper than to read their options.
  if (chains.size === 0 || !mayNameAny(spec, chains)) return false;
  return jumpTargets(spec).some((target) => chains.has(target));
}

function mayNameAny(spec: string, chains: ReadonlySet<string>): boolean {
  if (spec.includes('"') || spec.includes('\t')) return true;
  return spec.split(' ').some((word) => chains.has(word) || (word.startsWith('-') && mayHoldTarget(word)));
}

/** `-jchain`, `-fjchain`, `--jump=chain`. */
function mayHoldTarget(word: string): boolean {
  return word.length > 2 && /^-[^-]|^--[jg]/.test(word);
}
