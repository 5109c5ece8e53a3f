import { rulesOf } from '../../ruleset/trial/acceptance.ts';
import { committedTables, type Intent } from '../plan/intent.ts';
import type { Ports } from '../ports/ports.ts';
import type { ChangedRule } from './changed-rules.ts';

/** Answers on which line of the text that is live a rule stands; `null`: that is not known. */
export type LineOf = (changed: Pick<ChangedRule, 'of' | 'text'>) => number | null;

/** Reads the text that is live, as its sender wrote it. */
export async function earlierLines(
  { record }: Intent,
  ports: Pick<Ports, 'contents' | 'boot'>,
): Promise<LineOf> {
  const lines = new Map<string, number>();
  for (const { family, table, spelled } of await committedTables(record, ports))
    for (const [index, { line }] of rulesOf(table).entries())
      lines.set(`${family} ${table.name} ${spelled[index]}`, line);
  return ({ of: { family, table }, text }) => lines.get(`${family} ${table} ${text}`) ?? null;
}
