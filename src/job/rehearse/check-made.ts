import type { Table } from '../../ruleset/model.ts';
import { readSavedSteps, readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { mayMakeOtherFamily } from '../../ruleset/trial/other-family.ts';
import { readScript } from '../../ruleset/trial/read-script.ts';
import { readTrial } from '../../ruleset/trial/read-trial.ts';
import { areMarked, type MarkedBy, markLines, uncommented } from '../../ruleset/trial/trace-script.ts';
import type { Trial, TrialLine } from '../../ruleset/trial/trial.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { Rehearsal } from '../ports/sandbox.ts';
import { inTurns, turnOfOthers } from '../time/in-turns.ts';
import { blameLines } from './restore-lines.ts';
import type { Verdict } from './verdict.ts';

/** What the kernel made of lines that it took. It is what the lines say. */
export interface Made {
  /** The kernel's spelling of each rule. The key is the rule's text as it was sent. */
  spelled: ReadonlyMap<string, string>;
  /** The sent texts of the rules that are odd in the kernel's spelling. */
  odd: ReadonlySet<string>;
  /** The table that the commands made; `null` if the lines are not commands. */
  script: WantedTable | null;
}

/**
 * Reads all tables after lines were restored in a rehearsal, of both families if the lines may make both, and compares them with what
 * the lines say. The namespace was empty before, so one of the lines has made whatever else is found.
 *
 * @returns a verdict on the lines if they made something else
 */
export async function checkMade(
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Made | Verdict> {
  const [saved, other] = await Promise.all([
    rehearsal.saveAll(trial.family),
    mayMakeOtherFamily(lines) ? rehearsal.saveAll(trial.family === 'ipv4' ? 'ipv6' : 'ipv4') : '',
  ]);
  const tables = await inTurns(readSavedSteps(saved));
  await turnOfOthers();
  const stray = [...readSavedTables(other).values()].find(({ rules }) => rules.length > 0);
  if (stray !== undefined)
    return verdictOf(`it makes rules of the other family, in table ${stray.name}`, null);
  const reading =
    trial.wanted.script === null
      ? await inTurns(readTrial(trial, lines, tables))
      : await inTurns(readScript(trial, lines, tables, await madeByMarked(trial, lines, rehearsal)));
  if ('otherwise' in reading) return verdictOf(reading.otherwise, reading.line);
  return 'script' in reading
    ? { spelled: new Map(), odd: new Set(), script: reading.script }
    : { ...reading, script: null };
}

/** Has the commands run once more, so that each rule shows which line made it. Returns the table; `null` if they are not taken. */
async function madeByMarked(
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Table | null> {
  const counted = await runMarked('counter', trial, lines, rehearsal);
  if (counted === null || areMarked(counted)) return counted;
  const commented = await runMarked('comment', trial, lines, rehearsal);
  return commented === null ? null : uncommented(commented);
}

async function runMarked(
  by: MarkedBy,
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Table | null> {
  const { family, table } = trial;
  const marked = await inTurns(markLines(lines, family, by));
  if ((await blameLines(trial, marked, rehearsal)) !== null) return null;
  const saved = await rehearsal.saveAll(family, { counters: true });
  return (await inTurns(readSavedSteps(saved))).get(table) ?? null;
}

/** Makes a verdict in the shape of a refusal by iptables, so that the search for the line treats both alike. */
export function verdictOf(message: string, line: TrialLine | null): Verdict {
  const fault = {
    kind: 'rule',
    message,
    lines: [],
    command: 'iptables-save',
    exitCode: 0,
    stderr: '',
  } as const;
  return { fault: { ...fault, lines: [] }, named: line === null ? [] : [{ line, reason: message }] };
}
