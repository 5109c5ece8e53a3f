import type { CommandResult } from '../../host/command.ts';
import { missingRights } from '../../host/rights.ts';
import type { RestoreFault } from '../../job/ports/restore-fault.ts';
import { messageOf } from '../../job/ports/shortage.ts';
import { readError } from './read-error.ts';

export interface EndedProgram {
  /** The path of the iptables program that ended. */
  file: string;
  result: CommandResult;
  /** The number of the COMMIT line in a restore's text; `null` for a save. */
  commitLine: number | null;
  timeoutMs: number;
}

/** What iptables needs, of all that a worker does: legacy the second, too. */
const OF_IPTABLES: ReadonlySet<string> = new Set(['CAP_NET_ADMIN', 'CAP_NET_RAW']);

/** Says what went wrong in a save or restore; `null` if nothing did. */
export async function faultOf({
  file,
  result,
  commitLine,
  timeoutMs,
}: EndedProgram): Promise<RestoreFault | null> {
  const { exitCode, stdout, stderr, startError, timedOut } = result;
  const evidence = { command: nameOf(file), exitCode, stderr };
  if (exitCode === 0) {
    const note = commitLine === null ? unreadableNote(stdout) : null;
    return note === null ? null : { ...evidence, kind: 'unreadable', message: note, lines: [] };
  }
  if (startError !== null) {
    return { ...evidence, kind: 'not-started', message: messageOf(startError), cause: startError, lines: [] };
  }
  if (timedOut) {
    const message = `it ran for more than ${timeoutMs / 1000} s, and was ended`;
    return { ...evidence, kind: 'timeout', message, lines: [] };
  }
  const error = readError({ exitCode, stderr, commitLine });
  if (error.kind !== 'privilege' && error.kind !== 'table-unavailable') return { ...evidence, ...error };
  // A table that is not there, and one that may not be used, are the same to iptables.
  const missing = (await missingRights()).map(({ name }) => name).filter((name) => OF_IPTABLES.has(name));
  if (missing.length === 0) return { ...evidence, ...error };
  const message = `${error.message}: the worker does not have ${missing.join(' and ')}`;
  return { ...evidence, ...error, kind: 'privilege', message };
}

/** Returns a program's name without its folder. */
export function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/**
 * Finds the note that a table cannot be read because of nft rules in it. A save prints it on standard output, and ends with
 * status 0.
 */
function unreadableNote(stdout: string): string | null {
  const note = stdout.split('\n', 3).find((line) => /^# Table `.*' is incompatible/.test(line));
  return note?.slice(2) ?? null;
}
