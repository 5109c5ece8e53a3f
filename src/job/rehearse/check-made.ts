import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { readScript } from '../../ruleset/trial/read-script.ts';
import { readTrial } from '../../ruleset/trial/read-trial.ts';
import type { Trial, TrialLine } from '../../ruleset/trial/trial.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { Rehearsal } from '../ports/sandbox.ts';
import type { Verdict } from './verdict.ts';

/** What the kernel made of lines that it took, which is what they say. */
export interface Made {
  /** The kernel's spelling of each rule, by its text as it was sent. */
  spelled: ReadonlyMap<string, string>;
  /** Those that are odd in that spelling. */
  odd: ReadonlySet<string>;
  /** What commands left behind; `null` where the lines are no commands. */
  script: WantedTable | null;
}

/**
 * Reads what a rehearsal has after lines were restored, all tables of both families, and holds it against what they say.
 * Nothing but these lines is in there: so whatever else is found, one of them has made.
 *
 * @returns a verdict on the lines if it is something else
 */
export async function checkMade(
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Made | Verdict> {
  const [saved, other] = await Promise.all([
    rehearsal.saveAll(trial.family),
    rehearsal.saveAll(trial.family === 'ipv4' ? 'ipv6' : 'ipv4'),
  ]);
  const tables = readSavedTables(saved);
  const stray = [...readSavedTables(other).values()].find(({ rules }) => rules.length > 0);
  if (stray !== undefined)
    return verdictOf(`it makes rules of the other family, in table ${stray.name}`, null);
  const reading =
    trial.wanted.script === null ? readTrial(trial, lines, tables) : readScript(trial, lines, tables);
  if ('otherwise' in reading) return verdictOf(reading.otherwise, reading.line);
  return 'script' in reading
    ? { spelled: new Map(), odd: new Set(), script: reading.script }
    : { ...reading, script: null };
}

/** In the shape of what iptables says when it refuses lines: whoever looks for the line need not know the difference. */
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
