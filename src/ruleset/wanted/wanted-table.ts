import type { Rule } from '../model.ts';

/** What a ruleset wants in one table. In scope `tables` the whole table is its own, and there are no hooks. */
export interface WantedTable {
  name: string;
  /** Each owned chain with its rules in order; in scope `tables` the built-in chains too. */
  chains: Map<string, Rule[]>;
  /** Policies of built-in chains, in scope `tables`. */
  policies: Map<string, string>;
  /** Counters of policies, where something was read with them. */
  policyCounters?: ReadonlyMap<string, string>;
  hooks: Hook[];
  /** The line of each chain's declaration, in the text as it was sent. */
  declarations: Map<string, number>;
  /** The line of its COMMIT, in the text as it was sent; `null` if it was not read from one. */
  commitLine: number | null;
  /** Commands that have to be run to know what the table is to have; `null`: it is known already. */
  script: ScriptLine[] | null;
}

/** One line of a table that is written as commands, in any order and any number of sections. */
export interface ScriptLine {
  /** A second `*TABLE` begins the table anew. */
  section: number;
  text: string;
  /** The line of the sent text. */
  source: number;
}

/** A rule in a chain that the ruleset does not own, which jumps to one that it does. */
export interface Hook {
  rule: Rule;
  target: string;
  /** A position, from 1, is only ever asked for to put back what stood there. */
  position: 'first' | 'last' | number;
}

/** Of a table in which nothing is wanted. */
export function emptyWanted(name: string): WantedTable {
  return {
    name,
    chains: new Map(),
    policies: new Map(),
    hooks: [],
    declarations: new Map(),
    commitLine: null,
    script: null,
  };
}
