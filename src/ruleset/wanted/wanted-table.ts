import type { Rule } from '../model.ts';

/** What a ruleset wants in one table. In scope `tables` the whole table is its own, and there are no hooks. */
export interface WantedTable {
  name: string;
  /** Each owned chain with its rules in order. In scope `tables` also the built-in chains. */
  chains: Map<string, Rule[]>;
  /** The policies of built-in chains, in scope `tables`. */
  policies: Map<string, string>;
  /** The counters of policies, if the table was read with counters. */
  policyCounters?: ReadonlyMap<string, string>;
  hooks: Hook[];
  /** If hooks are to stand where they stood: each chain of others that had some, as it was. */
  around?: ReadonlyMap<string, readonly Rule[]>;
  /** The line of each chain's declaration, in the text as it was sent. */
  declarations: Map<string, number>;
  /** The line of COMMIT in the text as it was sent; `null` if the table was not read from one. */
  commitLine: number | null;
  /** Commands that must be run in a rehearsal to know what the table is to have; `null` if that is known from the text. */
  script: ScriptLine[] | null;
}

/** One line of a script, which may have any order and any number of sections. */
export interface ScriptLine {
  /** Where a section after the first begins: the COMMIT of the section before it, and `*TABLE`, which begins the table anew. */
  text: string;
  /** The line of the sent text. */
  source: number;
}

/** A rule in a chain that the ruleset does not own, which jumps to one that it does. */
export interface Hook {
  rule: Rule;
  target: string;
  /** `null`: where it stood ({@link WantedTable.around}). */
  position: 'first' | 'last' | null;
}

/** Makes a table in which nothing is wanted. */
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
