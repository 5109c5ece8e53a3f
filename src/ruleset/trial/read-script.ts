import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { emptyTable, type Table } from '../model.ts';
import { lostInSaving, mayBeLostInSaving } from '../text/lost-in-saving.ts';
import { spelledTable } from '../wanted/read-spelled.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { strayOf, type TrialReading } from './read-trial.ts';
import { commandOf, makesRules, withSources } from './trace-script.ts';
import type { Trial, TrialLine } from './trial.ts';

type Otherwise = Exclude<TrialReading, { spelled: unknown }>;

/**
 * Reads what a table that is written as commands is to have: what it had after a rehearsal ran the commands.
 *
 * @param marked the same table, as the lines of {@link markLines} have made it; `null` if they were not taken
 */
export function* readScript(
  { family, table: name, wanted }: Trial,
  lines: readonly TrialLine[],
  saved: ReadonlyMap<string, Table>,
  marked: Table | null,
): Steps<Otherwise | { script: WantedTable }> {
  for (const [other, table] of saved) {
    const stray = other === name ? null : strayOf(table);
    if (stray !== null) return { otherwise: `it makes "${stray}" in table ${other}`, line: null };
  }
  const table = saved.get(name) ?? emptyTable(name);
  const traced = yield* withSources(table, marked);
  const lost = yield* traced === null ? mayBeLost(lines, family) : lostOf(traced, lines);
  if (lost !== null) return lost;
  yield;
  const held = spelledTable(traced ?? { ...table, rules: table.rules.map((rule) => ({ ...rule, line: 0 })) });
  const declared = yield* declaredIn(lines, family);
  const declarations = new Map([...held.chains.keys()].map((chain) => [chain, declared.get(chain) ?? 1]));
  return { script: { ...held, declarations, commitLine: wanted.commitLine } };
}

/** Finds a rule of which the save does not print all that its line says. */
function* lostOf({ rules }: Table, lines: readonly TrialLine[]): Steps<Otherwise | null> {
  const bySource = new Map(lines.map((line) => [line.source, line]));
  for (const [index, rule] of rules.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    const line = bySource.get(rule.line);
    const otherwise = line === undefined ? null : lostInSaving(line.text, rule.text);
    if (otherwise !== null) return { otherwise, line: line ?? null };
  }
  return null;
}

/** Finds a line that may say more than is saved. Where nobody knows which rule it made, that cannot be found out. */
function* mayBeLost(lines: readonly TrialLine[], family: Trial['family']): Steps<Otherwise | null> {
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (makesRules(line, family) && mayBeLostInSaving(line.text)) return { otherwise: MAY_BE_LOST, line };
  }
  return null;
}

const MAY_BE_LOST =
  'iptables-save may not print all that it says, and of these commands it cannot be told which rule it makes';

/** Returns the line from which each chain has its name. */
function* declaredIn(lines: readonly TrialLine[], family: Trial['family']): Steps<Map<string, number>> {
  const declared = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    const chain = line.text.startsWith(':') ? /^:([^ ]+)/.exec(line.text)?.[1] : namedBy(line, family);
    if (chain !== undefined && line.source !== null) declared.set(chain, line.source);
  }
  return declared;
}

function namedBy(line: TrialLine, family: Trial['family']): string | undefined {
  const command = commandOf(line, family);
  if (command?.name === 'N') return command.values[0];
  return command?.name === 'E' ? command.values[1] : undefined;
}
