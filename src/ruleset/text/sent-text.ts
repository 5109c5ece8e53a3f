import type { Family } from '../../contract/words/identifiers.ts';
import { finish, LINES_A_STEP, type Steps } from '../../steps.ts';
import type { Problem } from '../model.ts';
import { TABLE_NAMES } from '../tables.ts';
import { type CommonLine, readCommonLine } from './common-line.ts';
import { type RuleReading, readOptions } from './read-options.ts';
import { splitWords } from './split-words.ts';

/**
 * The most words of a line: `MAX_ARGC` of iptables/xshared.h, less the words that iptables-restore puts before them. Without counters it
 * takes 251 (1.8.9, both variants). But a rule that is live is written with its counters, which are three words more.
 */
export const MOST_WORDS = 248;

/** A line with a command for iptables, usually to append a rule. */
export class SentCommand {
  readonly line: number;
  /** The line without the counters that may stand before it. */
  readonly text: string;
  /** Set if the line is written in the usual form. Then its words and options need not be read. */
  readonly common: CommonLine | null;
  readonly #isKept: boolean;
  #read: { words: string[]; reading: RuleReading } | null = null;

  /** @param isKept whether the words are kept once they were read */
  constructor(line: number, text: string, family: Family, isKept = true) {
    this.line = line;
    this.text = text;
    this.common = readCommonLine(text, family);
    this.#isKept = isKept;
  }

  get words(): string[] {
    return this.#take().words;
  }

  get reading(): RuleReading {
    return this.#take().reading;
  }

  #take(): { words: string[]; reading: RuleReading } {
    if (this.#read !== null) return this.#read;
    if (last.command === this) return last.read;
    const words = splitWords(this.text);
    const read = { words, reading: readOptions(words.slice(0, MOST_WORDS)) };
    if (this.#isKept) this.#read = read;
    last = { command: this, read };
    return read;
  }
}

/** The command that was read last is asked for again at once. */
let last: { command: SentCommand | null; read: { words: string[]; reading: RuleReading } } = {
  command: null,
  read: { words: [], reading: { options: [], stray: [], unknown: [] } },
};

/**
 * The words of so many lines are kept. Words and options take ten times the room of a line: those of 200,000 lines would be more
 * than a gigabyte. What is not kept is read again.
 */
const MOST_KEPT = 10_000;

/** `:NAME POLICY`. The name is taken as it stands, even with quotes. */
export interface SentChain {
  line: number;
  name: string;
  /** `-` for a user-defined chain. */
  policy: string;
}

/** The lines from `*TABLE` to COMMIT. */
export interface SentSection {
  table: string;
  line: number;
  /** `null` if there is no COMMIT. */
  commitLine: number | null;
  /** In the order of the text. */
  lines: (SentChain | SentCommand)[];
}

export function isChain(line: SentChain | SentCommand): line is SentChain {
  return 'policy' in line;
}

/**
 * Reads a text line by line as `iptables-restore` does (`ip46tables_restore_main` in iptables/iptables-restore.c): the first
 * character says what a line is, and names end at a blank or tab. A line that iptables-restore would refuse becomes a problem,
 * and the reading goes on.
 *
 * @param text one character for each byte
 */
export function readSentText(text: string, family: Family): SentText {
  return finish(readSentSteps(text, family));
}

export interface SentText {
  sections: SentSection[];
  problems: Problem[];
}

/** As {@link readSentText}. */
export function* readSentSteps(text: string, family: Family): Steps<SentText> {
  const reader = new Reader(family);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, line] of lines.entries()) {
    reader.read(line, index + 1);
    if (index % LINES_A_STEP === 0) yield;
  }
  reader.end(lines.length);
  return reader;
}

const COUNTERS = /^\[\d+:\d+\]/;

class Reader {
  readonly sections: SentSection[] = [];
  readonly problems: Problem[] = [];
  readonly #family: Family;
  #kept = 0;
  #section: SentSection | null = null;

  constructor(family: Family) {
    this.#family = family;
  }

  read(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    if (line.startsWith('*')) this.#open(line, number);
    else if (this.#section === null)
      this.#refuse(number, 'stands outside a table: it needs a line such as *filter before it');
    else if (/^[ \t]*COMMIT[ \t]*$/.test(line)) this.#close(this.#section, line, number);
    else if (line.startsWith(':')) this.#readChain(this.#section, line, number);
    else this.#readCommand(this.#section, line, number);
  }

  end(lastLine: number): void {
    if (this.#section !== null) this.#refuse(lastLine, `${withoutCommit(this.#section)} after this line`);
  }

  #open(line: string, number: number): void {
    if (this.#section !== null) this.#refuse(number, `${withoutCommit(this.#section)} before this line`);
    const [table = ''] = tokens(line);
    this.#section = { table, line: number, commitLine: null, lines: [] };
    if (TABLE_NAMES.includes(table)) this.sections.push(this.#section);
    else this.#refuse(number, `there is no table of this name; there are ${TABLE_NAMES.join(', ')}`);
  }

  #close(section: SentSection, line: string, number: number): void {
    if (line !== 'COMMIT')
      this.#refuse(number, 'has blanks around COMMIT, which iptables-restore does not take: it stands alone');
    section.commitLine = number;
    this.#section = null;
  }

  #readChain(section: SentSection, line: string, number: number): void {
    const [name, policy] = tokens(line);
    if (name === undefined || policy === undefined) {
      this.#refuse(
        number,
        'is not a chain line: write :NAME - [0:0], or :NAME POLICY [0:0] for a built-in chain',
        name ?? null,
      );
    }
    // The chain counts as declared, so that its rules are not reported for this, too.
    if (name !== undefined) section.lines.push({ line: number, name, policy: policy ?? '-' });
  }

  #readCommand(section: SentSection, line: string, number: number): void {
    if (line.startsWith('[') && !COUNTERS.test(line)) {
      this.#refuse(number, 'begins with a bracket, but not with counters such as [12:345]');
      return;
    }
    const text = line.startsWith('[') ? line.replace(COUNTERS, '') : line;
    // Such a text would be something else than a command when it is written without the counters.
    if (text !== line && (/^(?:$|[#*:[])/.test(text) || text === 'COMMIT')) {
      this.#refuse(number, 'has counters, and no command after them');
      return;
    }
    const command = new SentCommand(number, text, this.#family, this.#kept < MOST_KEPT);
    if (command.common === null) this.#kept += 1;
    section.lines.push(command);
  }

  #refuse(line: number, reason: string, chain: string | null = null): void {
    this.problems.push({ line, table: this.#section?.table ?? null, chain, reason });
  }
}

function withoutCommit({ table, line }: SentSection): string {
  return `table ${table}, from line ${line}, has no COMMIT: add it`;
}

/** Returns the words after the first character, as `strtok` separates them. */
function tokens(line: string): string[] {
  return line
    .slice(1)
    .split(/[ \t]+/)
    .filter((token) => token !== '');
}
