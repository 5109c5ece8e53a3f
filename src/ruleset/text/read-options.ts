import { appendAll } from '../append-all.ts';
import {
  BASE_LETTERS,
  BASE_OPTIONS,
  matchOptions,
  type OptionKind,
  type OptionTable,
  targetOptions,
} from './option-table.ts';

/** One option of a rule, as iptables understands it. */
export interface RuleOption extends OptionKind {
  /** The words that belong to the option. There are fewer than it takes if the line ends too early. */
  values: string[];
  /** Whether `!` stands before the option. */
  isNegated: boolean;
  /** The option as it was sent, such as `--comm`, without a value in the same word. */
  written: string;
  /** Whether a value stands in the same word (`-s10.0.0.1`, `--comment=x`). */
  isGlued: boolean;
  /** Which word of the line has the option, from 0; and how many letters stand before it in that word (`-f` in `-fA edge`). */
  at: { word: number; letter: number };
}

export interface RuleReading {
  options: RuleOption[];
  /** Words that belong to no option. iptables accepts none but `!`. */
  stray: string[];
  /** Options that are in no table. The word after such an option may be its value, or an option. */
  unknown: string[];
}

/**
 * Reads words as iptables does (`do_parse` in iptables/xshared.c, with getopt_long): an option may be shortened if it stays
 * unique, letters may stand in one word, and an option takes the next word whatever that looks like. Which options exist depends
 * on the matches and the target that were named before, and on the protocol.
 *
 * After an option that is in no table nothing is certain. Then each word is read as an option if it can be one, so that no option
 * of iptables itself is missed.
 */
export function readOptions(words: readonly string[]): RuleReading {
  const reader = new OptionReader(words);
  reader.read();
  return reader;
}

/** The full names of the options that a rule of these words may have: of its matches, its target and its protocol, and iptables' own. */
export function optionNamesFor(words: readonly string[]): string[] {
  const reader = new OptionReader(words);
  reader.read();
  const own = [...BASE_OPTIONS].filter(([, { name }]) => OF_A_RULE.has(name)).map(([long]) => long);
  return [...own, ...reader.loaded.flatMap((table) => [...table.keys()])];
}

/** The letters of iptables' own options that are part of a rule. */
export const OF_A_RULE = new Set('dfgijmops');

/** The most letters of one word that are read. */
const MOST_LETTERS = 64;

class OptionReader implements RuleReading {
  readonly options: RuleOption[] = [];
  readonly stray: string[] = [];
  readonly unknown: string[] = [];
  readonly #words: readonly string[];
  /**
   * The tables of the named matches and targets, the newest first, as getopt searches them. The options of iptables itself come
   * before all.
   */
  readonly #loaded: OptionTable[] = [];
  #at = 0;
  /** The word that is read now. */
  #word = 0;
  #isNegated = false;
  #protocol: string | null = null;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get loaded(): readonly OptionTable[] {
    return this.#loaded;
  }

  read(): void {
    while (this.#at < this.#words.length) {
      const word = this.#words[this.#at] ?? '';
      this.#word = this.#at;
      this.#at += 1;
      if (word === '!') this.#isNegated = true;
      else if (word === '--') appendAll(this.stray, this.#words.slice(this.#at));
      else if (word.startsWith('--')) this.#readLong(word);
      else if (word.startsWith('-') && word !== '-') this.#readLetters(word);
      else this.stray.push(word);
    }
  }

  #readLong(word: string): void {
    const equals = word.indexOf('=');
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    const kind = this.#find(name);
    if (kind === undefined) this.unknown.push(equals === -1 ? word : word.slice(0, equals));
    else if (equals === -1) this.#take(kind, word, null, 0);
    else this.#take(kind, word.slice(0, equals), word.slice(equals + 1), 0);
  }

  /** `-jACCEPT` is `-j ACCEPT`, and `-fnj ACCEPT` is `-f -n -j ACCEPT`. */
  #readLetters(word: string): void {
    // There are fewer options than this, so more letters tell nothing new.
    for (let at = 1; at < Math.min(word.length, MOST_LETTERS); at += 1) {
      const kind = BASE_LETTERS.get(word.charAt(at));
      const rest = word.slice(at + 1);
      const written = `-${word.charAt(at)}`;
      if (kind === undefined) this.unknown.push(written);
      else if (kind.takes === 0) this.#take(kind, written, null, at - 1);
      else return this.#take(kind, written, rest === '' ? null : rest, at - 1);
    }
  }

  #take(kind: OptionKind, written: string, attached: string | null, letter: number): void {
    const at = { word: this.#word, letter };
    const values = attached === null ? [] : [attached];
    const wanted = typeof kind.takes === 'number' ? kind.takes : 0;
    while (values.length < wanted && this.#at < this.#words.length) {
      values.push(this.#words[this.#at] ?? '');
      this.#at += 1;
    }
    for (let more = kind.takes === 'maybe' ? 1 : moreOf(kind.name, kind.owner, values); more > 0; more -= 1) {
      const next = this.#words[this.#at];
      if (next === undefined || next.startsWith('-') || next.startsWith('!')) break;
      values.push(next);
      this.#at += 1;
    }
    const { name, owner, takes, isAddress } = kind;
    const isGlued = attached !== null;
    this.options.push({
      name,
      owner,
      takes,
      isAddress,
      values,
      isNegated: this.#isNegated,
      written,
      isGlued,
      at,
    });
    this.#isNegated = false;
    this.#load(kind, values[0]);
  }

  #load({ owner, name }: OptionKind, value: string | undefined): void {
    if (owner !== 'iptables' || value === undefined) return;
    if (name === 'p') this.#protocol = plainNumber(value.toLowerCase());
    const table = name === 'm' ? matchOptions(value) : name === 'j' ? targetOptions(value) : undefined;
    if (table !== undefined && !this.#loaded.includes(table)) this.#loaded.unshift(table);
  }

  #find(name: string): OptionKind | undefined {
    const found = this.#findLoaded(name);
    if (found !== undefined || this.#protocol === null) return found;
    // iptables loads the match of the protocol when it meets the first option that it does not know.
    const table = matchOptions(this.#protocol);
    if (table === undefined || this.#loaded.includes(table)) return undefined;
    this.#loaded.unshift(table);
    return this.#findLoaded(name);
  }

  #findLoaded(name: string): OptionKind | undefined {
    const tables = [BASE_OPTIONS, ...this.#loaded];
    for (const table of tables) {
      const exact = table.get(name);
      if (exact !== undefined) return exact;
    }
    let found: OptionKind | undefined;
    for (const table of tables) {
      for (const [full, kind] of table) {
        if (!full.startsWith(name)) continue;
        if (found !== undefined && (found.name !== kind.name || found.owner !== kind.owner)) return undefined;
        found = kind;
      }
    }
    return found;
  }
}

/** A number in decimal digits, which iptables also takes in octal and hexadecimal (`xtables_strtoui` with base 0): `06`, `0x6`. */
function plainNumber(value: string): string {
  const [, hexadecimal, octal, decimal] = /^\s*\+?(?:0x([\da-f]+)|0([0-7]+)|(\d+))$/.exec(value) ?? [];
  if (hexadecimal !== undefined) return String(Number.parseInt(hexadecimal, 16));
  if (octal !== undefined) return String(Number.parseInt(octal, 8));
  return decimal ?? value;
}

/** Returns how many more words an option of iptables itself takes if they are no options (`xs_has_arg` in iptables/xshared.c). */
function moreOf(name: string, owner: string, values: readonly string[]): number {
  if (owner !== 'iptables') return 0;
  if ('DRIEP'.includes(name)) return 1;
  if ('FX'.includes(name)) return 1 - values.length;
  if ('LSZ'.includes(name)) return 2 - values.length;
  return name === 'c' && values[0]?.includes(',') === false ? 1 : 0;
}
