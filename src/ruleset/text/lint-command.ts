import type { Family } from '../../contract/words/identifiers.ts';
import { lintAddress } from './lint-address.ts';
import { OF_A_RULE, type RuleOption } from './read-options.ts';
import { MOST_WORDS, type SentCommand } from './sent-text.ts';
import { hasOpenQuote } from './split-words.ts';

/** The most reasons that are given for one line. When they are mended, the next ones are given. */
const MOST_REASONS = 4;
/** The most bytes of a LOG prefix and of a comment. Legacy iptables cuts off the rest without a message. */
const LONGEST: Readonly<Record<string, number>> = { 'log-prefix': 29, comment: 255 };

/** Options that name sets of ipset. */
const NAMES_A_SET = new Set(['match-set', 'set', 'add-set', 'del-set', 'map-set']);
/** What ipset takes for an option of its own wherever it stands, ipset(8). Other names may begin with a dash. */
const OPTION_OF_IPSET = /^-(?:!|exist|o|output|q|quiet|r|resolve|s|sorted|n|name|t|terse|f|file)$/;

/** The letters of iptables' own options that are commands of a restore. */
const COMMANDS = new Set('ACDEFINPRXZ');

/**
 * Finds what is wrong with a single line: iptables would do something other than make rules, look up a name, or understand
 * something else than the line seems to say. What iptables refuses itself is not looked for.
 */
export function lintCommand(command: SentCommand, family: Family): string[] {
  if (command.common !== null) return [];
  const { text, words, reading } = command;
  if (words.length > MOST_WORDS)
    return [
      `has ${words.length} words, and iptables takes ${MOST_WORDS} at most of a line with counters, as rules are written`,
    ];
  if (hasOpenQuote(text)) {
    return ['a quote is opened and never closed, and would swallow the rest of the rule: close it'];
  }
  const reasons: string[] = [];
  for (const option of reading.options) {
    const reason = lintOption(option, family);
    if (reason !== null) reasons.push(reason);
  }
  for (const { written } of commandsOf(reading.options).slice(1))
    reasons.push(`${written} is a second command: a line does one thing`);
  return reasons.slice(0, MOST_REASONS);
}

export function commandsOf(options: readonly RuleOption[]): RuleOption[] {
  return options.filter(({ owner, name }) => owner === 'iptables' && COMMANDS.has(name));
}

function lintOption(option: RuleOption, family: Family): string | null {
  if (option.owner === 'iptables') return lintOwn(option, family);
  const { name, values, written } = option;
  if (option.isAddress) return misplacedNegation(option) ?? lintAddress(written, values[0], family);
  if (name.endsWith('port')) return misplacedNegation(option);
  if (NAMES_A_SET.has(name)) return likeAnOption(option) ?? lintList(option, family);
  const most = LONGEST[name];
  const bytes = values[0]?.length ?? 0;
  return most === undefined || bytes <= most
    ? null
    : `${written} has ${bytes} bytes, and would be cut: ${most} are possible`;
}

/** Lists of addresses are fleetwall's: packets do not change them, and each set has addresses of one family. */
function lintList({ owner, values }: RuleOption, family: Family): string | null {
  const [set = ''] = values;
  const [, digit, list, spare] = /^fw([46])\.(.*?)((?<=^fw[46]\.[a-z0-9-]+)\.2)?$/s.exec(set) ?? [];
  if (digit === undefined) return null;
  if (owner === 'SET') return `"${set}" is a list of addresses, which packets cannot change: use another set`;
  const own = family === 'ipv4' ? '4' : '6';
  if (spare !== undefined)
    return `"${set}" is where fleetwall makes a list ready, and mostly is not there: write fw${own}.${list}`;
  return digit === own ? null : `"${set}" has no addresses of this family: write fw${own}.${list}`;
}

/** Finds what is wrong with an option of iptables itself. */
function lintOwn(option: RuleOption, family: Family): string | null {
  const { name, values, written } = option;
  if (COMMANDS.has(name)) return quotedChain(option);
  if (!OF_A_RULE.has(name))
    return `${written} is an option of the program and no part of a rule: leave it out`;
  if ('jg'.includes(name)) return values[0] === undefined ? 'the jump has no target' : null;
  if ('iop'.includes(name)) return misplacedNegation(option);
  if (!option.isAddress) return null;
  return (
    misplacedNegation(option) ?? misspelt(option) ?? glued(option) ?? lintAddress(written, values[0], family)
  );
}

/** Forbids `--match-set -!`: ipset, which has to find the set of this name, would take it for an option of its own. */
function likeAnOption({ written, values: [name = ''] }: RuleOption): string | null {
  return OPTION_OF_IPSET.test(name)
    ? `${written} ${name} is an option to ipset, and no set: rename it`
    : null;
}

/** Forbids `-A "\\"x\\""`: iptables-save prints it as `-A "x"`, which is a rule of chain x. */
function quotedChain({ name, values: [chain = ''] }: RuleOption): string | null {
  return 'AIR'.includes(name) && chain.includes('"')
    ? `iptables-save prints the quotes of chain ${chain} as they are, and iptables-restore reads another name: give it one without quotes`
    : null;
}

/** Forbids `-s10.0.0.1`: iptables before 1.8.10 looks up the whole word as a name. */
function glued({ isGlued, written, values }: RuleOption): string | null {
  return isGlued ? `the address is a word of its own: write ${written} ${values[0] ?? ''}` : null;
}

/** Forbids `-s ! 10.0.0.0/8`: only very old versions of iptables took that. */
function misplacedNegation(option: RuleOption): string | null {
  return option.values[0] === '!' ? `"!" goes before the option: write ! ${option.written} …` : null;
}

const LONG_NAMES = new Set(['sport', 'dport', 'sports', 'dports', 'src', 'dst', 'source', 'destination']);

/** Forbids `-dport`: it means `-d port`, and was probably meant to be `--dport`. */
function misspelt({ name, values }: RuleOption): string | null {
  const long = `${name}${values[0] ?? ''}`;
  return values[0] !== undefined && LONG_NAMES.has(long)
    ? `-${long} has one dash too few: write --${long}`
    : null;
}
