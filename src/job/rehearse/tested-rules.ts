import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import { renderChange, type TableChange } from '../../ruleset/plan/table-change.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import type { PacketLab } from '../ports/packets.ts';

/** The rules that packets are to meet: what is live, and the change that is to be made of it. */
export interface TestedRules {
  saved: PerFamily<string>;
  changes: readonly TableChange[];
}

/** Every line that may stand in the namespace, for a look at what they name. */
export function linesOf({ saved, changes }: TestedRules): string[] {
  const changed = changes.flatMap(({ lines }) => lines.map(({ text }) => text));
  return [...FAMILIES.flatMap((family) => saved[family].split('\n')), ...changed];
}

/** The addresses that rules send packets to: somebody has to be there. */
export function destinationsIn(lines: readonly string[]): string[] {
  const found = lines.flatMap(
    (line) => /--to-destination \[?([0-9a-f.:]+?)\]?(?:[:-]\d+|-[0-9a-f.:]+)*(?: |$)/.exec(line)?.[1] ?? [],
  );
  return [...new Set(found)];
}

/**
 * Makes the rules of one family in a namespace as they will be on the host: first what is live, then the very change.
 *
 * @throws {RestoreFailed}
 */
export async function layRules(lab: PacketLab, rules: TestedRules, family: Family): Promise<void> {
  const saved = rules.saved[family];
  if (/^\*/m.test(saved)) await lab.restore(family, saved, true);
  for (const change of rules.changes)
    if (change.family === family) await lab.restore(family, renderChange(change), change.replaces);
}

/**
 * Opens the filter, and leaves the translation of addresses as it is: flows that are opened now have the addresses that they would
 * have. A rule that asks for their state has them tracked.
 *
 * @param full all rules, as {@link layRules} has made them
 */
export async function openRules(lab: PacketLab, full: string, family: Family): Promise<void> {
  const tables = [...full.matchAll(/^\*(\w+)$/gm)].map(([, name = '']) => name);
  const nat = /^\*nat\n[^]*?^COMMIT$/m.exec(full)?.[0] ?? '';
  const empty = tables
    .filter((name) => name !== 'nat' && name !== 'filter')
    .map((name) => `*${name}\nCOMMIT\n`);
  const filter = ['*filter', ':INPUT ACCEPT', ':FORWARD ACCEPT', ':OUTPUT ACCEPT'];
  const tracking = ['INPUT', 'FORWARD', 'OUTPUT'].map(
    (chain) => `-A ${chain} -m conntrack --ctstate INVALID`,
  );
  const text = [...filter, ...tracking, 'COMMIT', ''].join('\n');
  const opened = empty.map((table) => openPolicies(table)).join('') + (nat === '' ? '' : `${nat}\n`) + text;
  await lab.restore(family, opened, true);
}

const CHAINS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Legacy iptables keeps the policies that a text does not name. */
function openPolicies(table: string): string {
  const [, name = ''] = /^\*(\w+)/.exec(table) ?? [];
  const policies = (CHAINS[name] ?? []).map((chain) => `:${chain} ACCEPT\n`).join('');
  return table.replace('\n', () => `\n${policies}`);
}

/** A save with counters, as a text to be restored without them. */
export function withoutCounters(saved: string): string {
  return saved.replace(/^\[\d+:\d+\] /gm, '');
}
