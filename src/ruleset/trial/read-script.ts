import { emptyTable, type Rule, type Table } from '../model.ts';
import { lostInSaving } from '../text/lost-in-saving.ts';
import { spelledTable } from '../wanted/read-spelled.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { strayOf, type TrialReading } from './read-trial.ts';
import { traceScript } from './trace-script.ts';
import type { Trial, TrialLine } from './trial.ts';

/**
 * Reads what a table that is written as commands is to have: what it had after a rehearsal ran the commands. Each rule gets the
 * line that it comes from, as far as that can be found out.
 */
export function readScript(
  { family, table: name, wanted }: Trial,
  lines: readonly TrialLine[],
  saved: ReadonlyMap<string, Table>,
): Exclude<TrialReading, { spelled: unknown }> | { script: WantedTable } {
  for (const [other, table] of saved) {
    const stray = other === name ? null : strayOf(table);
    if (stray !== null) return { otherwise: `it makes "${stray}" in table ${other}`, line: null };
  }
  const table = saved.get(name);
  const held = spelledTable(table ?? emptyTable(name));
  const sources = traceScript(lines, family);
  const chains = new Map(
    [...held.chains].map(([chain, rules]) => [chain, withSources(rules, sources?.get(chain))]),
  );
  const bySource = new Map(lines.map((line) => [line.source, line]));
  for (const rule of [...chains.values()].flat()) {
    const line = bySource.get(rule.line);
    const otherwise = line === undefined ? null : lostInSaving(line.text, rule.text);
    if (otherwise !== null) return { otherwise, line: line ?? null };
  }
  const declarations = new Map([...chains.keys()].map((chain) => [chain, declaredAt(chain, lines)]));
  return { script: { ...held, chains, declarations, commitLine: wanted.commitLine } };
}

function declaredAt(chain: string, lines: readonly TrialLine[]): number {
  const starts = [`:${chain} `, `-N ${chain}`, `--new-chain ${chain}`];
  return lines.find(({ text }) => starts.some((start) => text.startsWith(start)))?.source ?? 1;
}

function withSources(rules: readonly Rule[], sources: readonly TrialLine[] | undefined): Rule[] {
  const isKnown = sources?.length === rules.length;
  return rules.map((rule, index) => ({ ...rule, line: isKnown ? (sources[index]?.source ?? 0) : 0 }));
}
