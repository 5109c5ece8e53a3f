import type { Rule } from '../model.ts';

/** Most rules of a long table are met by no packet. */
const NEVER_MET = '[0:0] ';
const COUNTERS = /^\[\d+:\d+\] $/;

/**
 * The rules of a table as they were read last, to compare lines of its next save with, one after the other. Of most tables few
 * rules change, and a rule is known by its text alone: only its counters and its line may be others.
 */
export class KnownRules {
  readonly #rules: readonly Rule[];
  #at = 0;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /**
   * Returns the rule that a line is, with its counters, if it is the one that is expected now, or the one after it: a rule may
   * have been put before it, or in its place, or have gone. An odd rule is never known: it may be more than one line.
   */
  next(line: string): Rule | null {
    for (let at = this.#at; at < this.#at + 2; at += 1) {
      const rule = this.#rules[at];
      if (rule === undefined || rule.isOdd === true || !isSame(line, rule.text)) continue;
      this.#at = at + 1;
      return rule;
    }
    return null;
  }
}

function isSame(line: string, text: string): boolean {
  if (line.length === text.length + NEVER_MET.length && line.startsWith(NEVER_MET))
    return line.endsWith(text);
  return line.endsWith(text) && COUNTERS.test(line.slice(0, line.length - text.length));
}

/** Returns a rule that is known as it stands in this line now. */
export function ruleAgain(rule: Rule, saved: string, line: number): Rule {
  const counters = saved.slice(1, saved.length - rule.text.length - 2);
  return rule.counters === counters && rule.line === line ? rule : { ...rule, counters, line };
}
