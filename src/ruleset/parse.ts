import type { Chain, Problem, Rule, Table } from './model.ts';
import { builtInChains, TABLE_NAMES } from './tables.ts';

export interface ParsedText {
  tables: Map<string, Table>;
  problems: Problem[];
}

// `:NAME POLICY [packets:bytes]`, the counters being optional; `-` is the policy of a user-defined chain.
const CHAIN_LINE = /^:(\S+) (\S+)(?: \[(\d+:\d+)\])?$/;
const COUNTERS = /^\[(\d+:\d+)\] /;
const RULE_LINE = /^-([AI]) (\S+)(?: (.*))?$/;
/** XT_EXTENSION_MAXNAMELEN less its end: what the kernel takes as the name of a chain (linux/netfilter/x_tables.h). */
const LONGEST_CHAIN_NAME = 28;

/**
 * Reads text in `iptables-save` form, whether sent by somebody or saved from a host. Every line that is not in
 * that form becomes a problem, and the reading goes on behind it.
 */
export function parseRules(text: string): ParsedText {
  const reader = new Reader();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, line] of lines.entries()) reader.read(line, index + 1);
  reader.end();
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
    else if (line === 'COMMIT') this.#closeTable(this.#table, number);
    else if (line.startsWith(':')) this.#readChain(this.#table, line, number);
    else this.#readRule(this.#table, line, number);
  }

  end(): void {
    if (this.#table !== null) this.#refuse(this.#table.line, `table ${this.#table.name} has no COMMIT line`);
  }

  #openTable(name: string, number: number): void {
    if (this.#table !== null) {
      this.#refuse(number, `table ${this.#table.name} has no COMMIT line before this one`);
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

  #closeTable(table: Table, number: number): void {
    table.commitLine = number;
    this.#table = null;
  }

  #readChain(table: Table, line: string, number: number): void {
    const [, name, policy, counters] = CHAIN_LINE.exec(line) ?? [];
    if (name === undefined || policy === undefined) {
      this.#refuse(
        number,
        'is not a chain line: write :NAME - [0:0], or :NAME POLICY [0:0] for a built-in chain',
      );
      return;
    }
    const known = table.chains.get(name);
    if (known !== undefined) {
      this.#refuse(number, `chain ${name} is declared already, on line ${known.line}`, name);
      return;
    }
    if (name.length > LONGEST_CHAIN_NAME) {
      this.#refuse(number, `the name of a chain has at most ${LONGEST_CHAIN_NAME} characters`, name);
      return;
    }
    const chain: Chain = {
      name,
      policy: policy === '-' ? null : policy,
      counters: counters ?? null,
      line: number,
    };
    table.chains.set(name, chain);
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
    const rule: Rule = {
      chain,
      spec: spec ?? '',
      insert: kind === 'I',
      counters: counters?.[1] ?? null,
      line: number,
    };
    if (!table.chains.has(chain) && !builtInChains(table.name).includes(chain)) {
      this.#refuse(
        number,
        `chain ${chain} is neither built in nor declared before this line: add :${chain} - [0:0]`,
        chain,
      );
      return;
    }
    table.rules.push(rule);
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
