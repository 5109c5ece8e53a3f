/**
 * Rules as `iptables-save` writes them, read into tables. The same shapes serve what was sent and what is live. All text in
 * them has one character for each byte.
 */

/** Where a packet goes that a rule matches: to a chain or a target. */
export interface Jump {
  target: string;
  /** `-g`: it does not come back. */
  isGoto: boolean;
}

export interface Rule {
  chain: string;
  /** What comes after the chain's name: matches and target. */
  spec: string;
  /** The rule as a line that appends it, which is also how two rules are compared. */
  text: string;
  /** `null`: it only counts, or sets something. */
  jump: Jump | null;
  /** `-I CHAIN`, allowed for hooks only. */
  insert: boolean;
  /** `packets:bytes`, as read from a live table; `null` if there were none. */
  counters: string | null;
  /** From 1, in the text that it was read from; 0 if that is not known. */
  line: number;
  /** It is no plain one: where it jumps to, and whether what is printed of it restores to it, is not to be seen from its text. */
  isOdd?: boolean;
  /** Of a line of which iptables makes several rules (`-s a,b`): which of them this is, from 0, and how many there are. */
  copy?: { index: number; of: number };
}

export interface Chain {
  name: string;
  /** `null` for a user-defined chain. */
  policy: string | null;
  counters: string | null;
  line: number;
}

export interface Table {
  name: string;
  chains: Map<string, Chain>;
  /** In the order of the text. */
  rules: Rule[];
  line: number;
  commitLine: number | null;
}

/** A line of a ruleset's text that cannot be taken, and what to write instead. */
export interface Problem {
  line: number;
  table: string | null;
  chain: string | null;
  reason: string;
}

/** A rule as {@link Rule.text} has it. */
export function appendText(chain: string, spec: string): string {
  return spec === '' ? `-A ${chain}` : `-A ${chain} ${spec}`;
}

/** Whether a rule jumps to one of the chains. */
export function jumpsToAny({ jump }: Rule, chains: ReadonlySet<string>): boolean {
  return jump !== null && chains.has(jump.target);
}

/** For rules as they come from the kernel: they are spelled as they are. */
export function textOf({ text }: Rule): string {
  return text;
}

export function rulesByChain(rules: readonly Rule[]): Map<string, Rule[]> {
  const chains = new Map<string, Rule[]>();
  for (const rule of rules) {
    const known = chains.get(rule.chain);
    if (known === undefined) chains.set(rule.chain, [rule]);
    else known.push(rule);
  }
  return chains;
}

export function emptyTable(name: string): Table {
  return { name, chains: new Map(), rules: [], line: 0, commitLine: 0 };
}
