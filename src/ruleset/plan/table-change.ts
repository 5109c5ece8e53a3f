import type { Rule } from '../model.ts';
import type { TableRef } from '../tables.ts';
import type { ListDiff } from './diff.ts';

/** What brings one table of one family from what is live to what is wanted, in one transaction. */
export interface TableChange extends TableRef {
  /** The whole table is written anew; otherwise only what is named is touched (`--noflush`). */
  replaces: boolean;
  lines: ChangeLine[];
}

/** One line of restore text, and the line of the sent text that it comes from, if it comes from one. */
export interface ChangeLine {
  text: string;
  source: number | null;
}

/** A table of which something is owned: what differs, and the change that ends the difference; `null`: none is needed. */
export interface TablePlan extends TableRef {
  diff: ListDiff & {
    /** Hooks that stand elsewhere than they are wanted; they are among what is added and what is removed. */
    moved?: string[];
  };
  change: TableChange | null;
}

export function renderChange(change: TableChange): string {
  const lines = change.lines.map((line) => line.text);
  return [`*${change.table}`, ...lines, 'COMMIT', ''].join('\n');
}

/** The rule's line, with the counters that it had so far. */
export function ruleLine(rule: Rule, counters: string | null): ChangeLine {
  const text = rule.text;
  return {
    text: counters === null ? text : `[${counters}] ${text}`,
    source: rule.line,
  };
}

/** The counters of rules that are live, handed out once each, to the rules of the same text in their order. */
export class LiveCounters {
  readonly #counters = new Map<string, string[]>();

  constructor(live: readonly Rule[]) {
    for (const rule of live) {
      if (rule.counters === null) continue;
      const text = rule.text;
      const known = this.#counters.get(text);
      if (known === undefined) this.#counters.set(text, [rule.counters]);
      else known.push(rule.counters);
    }
  }

  /** Of a rule that is not live: those that it was read with itself, before it went away. */
  take(rule: Rule): string | null {
    return this.#counters.get(rule.text)?.shift() ?? rule.counters;
  }
}
