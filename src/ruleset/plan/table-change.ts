import type { Rule } from '../model.ts';
import type { TableRef } from '../tables.ts';
import type { ListDiff } from './diff.ts';

/** What makes one table of one family, in one transaction, what is wanted. */
export interface TableChange extends TableRef {
  /** Whether the whole table is written anew. If not, only what the lines name is touched (`--noflush`). */
  replaces: boolean;
  lines: ChangeLine[];
}

/** A line of restore text, and the line of the sent text that it comes from; `null` if it comes from none. */
export interface ChangeLine {
  text: string;
  source: number | null;
}

/** How a table differs from what is wanted, and the change that makes it so; `null` if no change is needed. */
export interface TablePlan extends TableRef {
  diff: ListDiff & {
    /** Hooks that stand in the wrong place. They are also in `added` and `removed`. */
    moved?: string[];
  };
  change: TableChange | null;
}

export function renderChange(change: TableChange): string {
  const lines = change.lines.map((line) => line.text);
  return [`*${change.table}`, ...lines, 'COMMIT', ''].join('\n');
}

/** Returns the line that writes a rule with these counters. */
export function ruleLine(rule: Rule, counters: string | null): ChangeLine {
  const text = rule.text;
  return {
    text: counters === null ? text : `[${counters}] ${text}`,
    source: rule.line,
  };
}

/** The counters of live rules. Each is given once, to the rules of the same text in their order. */
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

  /**
   * Returns the counters for a rule. A rule that is not live keeps the counters with which it was read, such as from a snapshot.
   */
  take(rule: Rule): string | null {
    return this.#counters.get(rule.text)?.shift() ?? rule.counters;
  }
}
