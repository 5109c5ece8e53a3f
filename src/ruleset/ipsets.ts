import type { Rule } from './model.ts';
import { readOptions } from './options.ts';

/** Options of the match `set` and the target `SET` that name a set; abbreviated, they end in the same letters. */
const NAMES_A_SET = /^--(?:match|add|del|map)-set$/;

/** The ipsets that rules refer to. They belong to a network namespace, and must be in it before the rules. */
export function ipsetNames(rules: readonly Rule[]): string[] {
  const names = rules
    .filter(({ spec }) => spec.includes('-set'))
    .flatMap(({ spec }) => readOptions(spec).filter(({ name }) => NAMES_A_SET.test(name)))
    .flatMap(({ value }) => value ?? []);
  return [...new Set(names)];
}
