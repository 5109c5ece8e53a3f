import { readFile } from 'node:fs/promises';
import type { CommandResult } from '../host/command.ts';
import type { RestoreFault } from '../job/ports/restore-fault.ts';
import { readError } from './read-error.ts';

export interface EndedProgram {
  /** The program of iptables, by its path. */
  file: string;
  result: CommandResult;
  /** The line of COMMIT in what a restore was given; `null` for a save. */
  commitLine: number | null;
  timeoutMs: number;
}

const CAP_NET_ADMIN = 12n;

/** What went wrong when a save or restore ended; `null` if nothing did. */
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
  if (startError !== null) return { ...evidence, kind: 'unknown', message: startError, lines: [] };
  if (timedOut) {
    const message = `it ran for more than ${timeoutMs / 1000} s, and was ended`;
    return { ...evidence, kind: 'timeout', message, lines: [] };
  }
  const error = readError({ exitCode, stderr, commitLine });
  const kind = error.kind === 'table-unavailable' && !(await isNetAdmin()) ? 'privilege' : error.kind;
  return { ...evidence, ...error, kind };
}

/** As people call a program. */
export function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** A table that nft rules have made unreadable is told of on standard output, with status 0. */
function unreadableNote(stdout: string): string | null {
  const note = stdout.split('\n', 3).find((line) => /^# Table `.*' is incompatible/.test(line));
  return note?.slice(2) ?? null;
}

/** Whether this process, and so what it starts, may change rules at all. */
async function isNetAdmin(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}
