/**
 * Rules as `iptables-save` writes them, read into tables. The same types are used for what was sent and for what is live. All
 * strings in them have one character for each byte.
 */

/** Where a rule sends a packet that it matches: to a chain or a target. */
export interface Jump {
  target: string;
  /** `-g`: the packet does not come back to this chain. */
  isGoto: boolean;
}

export interface Rule {
  chain: string;
  /** What comes after the chain's name: matches and target. */
  spec: string;
  /** The rule as a line that appends it (`-A CHAIN …`). Two rules are compared by this text. */
  text: string;
  /** `null`: the rule only counts packets, or sets something. */
  jump: Jump | null;
  /** Whether the line is `-I CHAIN`, which is allowed for hooks only. */
  insert: boolean;
  /** `packets:bytes`, as read from a live table; `null` if the text had no counters. */
  counters: string | null;
  /** The line of the text that the rule was read from, counted from 1; 0 if that is not known. */
  line: number;
  /** Set if the rule is not plain: its text does not show where it jumps to, or whether it restores to the same rule. */
  isOdd?: boolean;
  /** For a line of which iptables makes several rules (`-s a,b`): which of them this is, from 0, and how many there are. */
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

/** A line of a ruleset's text that cannot be accepted, and what to write instead. */
export interface Problem {
  line: number;
  table: string | null;
  chain: string | null;
  reason: string;
}

/** Returns a rule in the form of {@link Rule.text}. */
export function appendText(chain: string, spec: string): string {
  return spec === '' ? `-A ${chain}` : `-A ${chain} ${spec}`;
}

/** Says whether a rule jumps to one of the chains. */
export function jumpsToAny({ jump }: Rule, chains: ReadonlySet<string>): boolean {
  return jump !== null && chains.has(jump.target);
}

/** Returns the text by which rules are compared. For rules in the kernel's spelling. */
export function textOf({ text }: Rule): string {
  return text;
}

export function rulesByChain(rules: readonly Rule[]): Map<string, Rule[]> {
  const chains = new Map<string, Rule[]>();
  let chain: string | null = null;
  let list: Rule[] = [];
  for (const rule of rules) {
    if (rule.chain !== chain) {
      ({ chain } = rule);
      list = chains.get(chain) ?? [];
      chains.set(chain, list);
    }
    list.push(rule);
  }
  return chains;
}

export function emptyTable(name: string): Table {
  return { name, chains: new Map(), rules: [], line: 0, commitLine: 0 };
}
