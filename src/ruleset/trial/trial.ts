import { jumpsToAny, type Rule, type Table } from '../model.ts';
import type { ChangeLine } from '../plan/table-change.ts';
import type { TableRef } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { rulesOf, type Spellings } from './acceptance.ts';
import { reachOf } from './reach.ts';
import { surroundings } from './surroundings.ts';

/** One table of a ruleset, as it is tried in an empty network namespace. */
export interface Trial extends TableRef {
  wanted: WantedTable;
  /** What was known of its rules before. */
  spellings: Spellings;
  /** Lines that make the chains of others in which hooks stand. */
  before: ChangeLine[];
  /** In the order of the sent text. */
  lines: TrialLine[];
}

/**
 * A `jump` goes to a chain of the table, or away from a chain in which rules stand behind it. What other rules may be depends on it,
 * so it is part of each trial. A `command` may do anything, and depends on all commands before it.
 */
export type TrialLine = ChangeLine &
  (
    | { kind: 'chain'; chain: string }
    | { kind: 'jump' | 'rule'; rules: readonly [Rule, ...Rule[]] }
    | { kind: 'command' }
  );

/**
 * Plans what must be tried of a table: its chains, the jumps between them, what ends them, and every rule that is not known to be
 * taken in its place. Whether the kernel takes a rule depends on the rule, on from where it is reached, and on no other rule.
 */
export function planTrial(
  ref: TableRef,
  wanted: WantedTable,
  live: Table | undefined,
  spellings: Spellings,
): Trial {
  const lines = wanted.script === null ? listedLines(wanted, spellings) : scriptLines(wanted.script);
  return { ...ref, wanted, spellings, before: surroundings(wanted, live), lines };
}

function scriptLines(script: NonNullable<WantedTable['script']>): TrialLine[] {
  return script.map(({ text, source }) => ({ kind: 'command', text, source }));
}

function listedLines(wanted: WantedTable, spellings: Spellings): TrialLine[] {
  const { skeleton } = reachOf(wanted);
  const lines: TrialLine[] = [...wanted.declarations].map(([chain, line]) => ({
    kind: 'chain',
    chain,
    text: `:${chain} ${wanted.policies.get(chain) ?? '-'} [0:0]`,
    source: line,
  }));
  const several = new Map<number, [Rule, ...Rule[]]>();
  for (const [index, rule] of rulesOf(wanted).entries()) {
    const kind = skeleton.has(rule) ? 'jump' : 'rule';
    if (kind === 'rule' && spellings[index] !== undefined) continue;
    const line = several.get(rule.line);
    if (line !== undefined) {
      line.push(rule);
      continue;
    }
    const rules: [Rule, ...Rule[]] = [rule];
    if (rule.copy !== undefined) several.set(rule.line, rules);
    lines.push({ kind, rules, text: lineOf(rule), source: rule.line });
  }
  return lines.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** Returns the place of a line in the trial. Rules whose line is not known come after all chains. */
function placeOf({ kind, source }: TrialLine): number {
  return kind === 'chain' || source !== 0 ? (source ?? 0) : Number.MAX_SAFE_INTEGER;
}

function lineOf({ chain, spec, insert }: Rule): string {
  const command = insert ? '-I' : '-A';
  return spec === '' ? `${command} ${chain}` : `${command} ${chain} ${spec}`;
}

/** Returns some of a trial's lines as a restore text that makes only what they say. */
export function renderTrial({ table, before }: Trial, lines: readonly TrialLine[]): string {
  const texts: string[] = [`*${table}`];
  for (const { text } of before) texts.push(text);
  for (const { text } of lines) texts.push(text);
  return [...texts, 'COMMIT', ''].join('\n');
}

/** Returns the line of a trial that stands in this line of its restore text, counted from 1. */
export function lineAt(
  { before }: Trial,
  lines: readonly TrialLine[],
  number: number,
): TrialLine | undefined {
  let at = before.length + 1;
  for (const line of lines) {
    // Of the two lines with which a section begins, the first is the COMMIT of the section before it.
    at += isSection(line) ? 2 : 1;
    if (at === number) return line;
  }
  return undefined;
}

/** Says whether a line is where a section after the first begins. */
export function isSection({ kind, text }: TrialLine): boolean {
  return kind === 'command' && text.startsWith('COMMIT\n');
}

/** Leaves lines out. With a chain's declaration go the rules in the chain and the jumps to it. */
export function withoutLines(lines: readonly TrialLine[], gone: readonly TrialLine[]): readonly TrialLine[] {
  if (gone.length === 0) return lines;
  const left = new Set(gone);
  const chains = new Set(gone.flatMap((line) => (line.kind === 'chain' ? [line.chain] : [])));
  return lines.filter((line) => {
    if (left.has(line)) return false;
    if (line.kind === 'chain' || line.kind === 'command') return true;
    const [rule] = line.rules;
    return !(chains.has(rule.chain) || jumpsToAny(rule, chains));
  });
}

/** Returns the chain of a line; `null` if it is not known. */
export function chainOf(line: TrialLine): string | null {
  if (line.kind === 'command') return null;
  return line.kind === 'chain' ? line.chain : line.rules[0].chain;
}

/** Says whether other rules depend on this line. Such lines are part of each trial of a list. */
export function isSkeleton({ kind }: TrialLine): boolean {
  return kind === 'chain' || kind === 'jump';
}
