import { appendText, type Problem, type Table } from './model.ts';
import { TABLE_NAMES } from './tables.ts';

export interface ParsedText {
  tables: Map<string, Table>;
  problems: Problem[];
}

// `:NAME POLICY [packets:bytes]`, the counters being optional; `-` is the policy of a user-defined chain.
const CHAIN_LINE = /^:(\S+) (\S+)(?: \[(\d+:\d+)\])?$/;
const COUNTERS = /^\[(\d+:\d+)\] /;
const RULE_LINE = /^-([AI])[ \t]+(\S+)(?:[ \t]+(.*))?$/;

/**
 * Reads text in `iptables-save` form, whether sent by somebody or saved from a host. Every line that is not in
 * that form becomes a problem, and the reading goes on behind it.
 */
export function parseRules(text: string): ParsedText {
  const reader = new Reader();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, line] of lines.entries()) reader.read(line, index + 1);
  reader.end(lines.length);
  return { tables: reader.tables, problems: reader.problems };
}

class Reader {
  readonly tables = new Map<string, Table>();
  readonly problems: Problem[] = [];
  #table: Table | null = null;

  read(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    if (line.startsWith('*')) this.#openTable(line.slice(1), number);
    else if (this.#table === null)
      this.#refuse(number, 'stands outside a table: it needs a line such as *filter before it');
    else if (/^\s*COMMIT\s*$/.test(line)) this.#closeTable(this.#table, line, number);
    else if (line.startsWith(':')) this.#readChain(this.#table, line, number);
    else this.#readRule(this.#table, line, number);
  }

  end(lastLine: number): void {
    if (this.#table === null) return;
    this.#refuse(
      lastLine,
      `table ${this.#table.name}, from line ${this.#table.line}, has no COMMIT: add it after this line`,
    );
  }

  #openTable(name: string, number: number): void {
    if (this.#table !== null) {
      this.#refuse(
        number,
        `table ${this.#table.name}, from line ${this.#table.line}, has no COMMIT: add it before this line`,
      );
    }
    this.#table = {
      name,
      chains: new Map(),
      rules: [],
      line: number,
      commitLine: null,
    };
    if (!TABLE_NAMES.includes(name)) {
      this.#refuse(number, `there is no table of this name; there are ${TABLE_NAMES.join(', ')}`);
    } else if (this.tables.has(name)) {
      this.#refuse(
        number,
        `table ${name} is there already, from line ${this.tables.get(name)?.line}: put both into one`,
      );
    } else {
      this.tables.set(name, this.#table);
    }
  }

  #closeTable(table: Table, line: string, number: number): void {
    if (line !== 'COMMIT') this.#refuse(number, 'has spaces around COMMIT: it stands alone');
    table.commitLine = number;
    this.#table = null;
  }

  #readChain(table: Table, line: string, number: number): void {
    const [, name, policy, counters] = CHAIN_LINE.exec(line) ?? [];
    if (policy === undefined) {
      this.#refuse(
        number,
        'is not a chain line: write :NAME - [0:0], or :NAME POLICY [0:0] for a built-in chain',
      );
    }
    // What is wrong with its declaration is not wrong with each rule of the chain.
    const declared = name ?? /^:(\S+)/.exec(line)?.[1];
    if (declared === undefined) return;
    const known = table.chains.get(declared);
    if (known !== undefined) {
      this.#refuse(number, `chain ${declared} is declared already, on line ${known.line}`, declared);
      return;
    }
    table.chains.set(declared, {
      name: declared,
      policy: policy === undefined || policy === '-' ? null : policy,
      counters: counters ?? null,
      line: number,
    });
  }

  #readRule(table: Table, line: string, number: number): void {
    const counters = COUNTERS.exec(line);
    const command = counters === null ? line : line.slice(counters[0].length);
    const [, kind, chain, spec] = RULE_LINE.exec(command) ?? [];
    if (kind === undefined || chain === undefined) {
      this.#refuse(
        number,
        'is not one of the lines that a ruleset may have: *TABLE, :CHAIN, -A CHAIN …, -I CHAIN … and COMMIT',
      );
      return;
    }
    // What a save prints is in this form already, and is kept: of 50,000 rules, to put each together again is felt.
    const counted = '-A '.length + chain.length + (spec === undefined ? 0 : 1 + spec.length);
    table.rules.push({
      chain,
      spec: spec ?? '',
      text: kind === 'A' && counted === command.length ? command : appendText(chain, spec ?? ''),
      insert: kind === 'I',
      counters: counters?.[1] ?? null,
      line: number,
    });
  }

  #refuse(line: number, reason: string, chain: string | null = null): void {
    this.problems.push({
      line,
      table: this.#table?.name ?? null,
      chain,
      reason,
    });
  }
}
