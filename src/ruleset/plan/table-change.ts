import { LINES_A_STEP, type Steps } from '../../steps.ts';
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

/** Writes the rules of a chain anew, each with its counters as far as it is live. */
export function* ruleLines(rules: readonly Rule[], live: readonly Rule[]): Steps<ChangeLine[]> {
  const counters = yield* LiveCounters.steps(live);
  const lines: ChangeLine[] = [];
  for (const rule of rules) {
    lines.push(ruleLine(rule, counters.take(rule)));
    if (lines.length % LINES_A_STEP === 0) yield;
  }
  return lines;
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
  /** The counters of the first rule of each text, and those of its twins. */
  readonly #first = new Map<string, string>();
  readonly #twins = new Map<string, string[]>();

  static *steps(live: readonly Rule[]): Steps<LiveCounters> {
    const counters = new LiveCounters();
    for (const [index, rule] of live.entries()) {
      counters.#note(rule);
      if (index % LINES_A_STEP === 0) yield;
    }
    return counters;
  }

  #note({ text, counters }: Rule): void {
    if (counters === null) return;
    const twins = this.#twins.get(text);
    if (twins !== undefined) twins.push(counters);
    else if (this.#first.has(text)) this.#twins.set(text, [counters]);
    else this.#first.set(text, counters);
  }

  /**
   * Returns the counters for a rule. A rule that is not live keeps the counters with which it was read, such as from a snapshot.
   */
  take(rule: Rule): string | null {
    const first = this.#first.get(rule.text);
    if (first === undefined) return rule.counters;
    const next = this.#twins.get(rule.text)?.shift();
    if (next === undefined) this.#first.delete(rule.text);
    else this.#first.set(rule.text, next);
    return first;
  }
}
