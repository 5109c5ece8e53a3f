import type { ExitStatus } from './exit-status.ts';
import { printAside, printJson } from './print.ts';

/** An error that a command ends with, for people and for programs. */
export interface ToldError {
  /** Stays the same, whatever the message says. */
  code: string;
  /** What happened, where, and what to do about it. */
  message: string;
  exitStatus: ExitStatus;
  /** The file that is meant, if one is. */
  file?: string;
  /** From 1; `null`: the file as a whole. */
  line?: number | null;
  /** Where there may be several, all of them. */
  problems?: readonly { file: string; line: number | null; reason: string }[];
  /** Of what was interrupted: the jobs that were sent, each with the hosts that have not ended it. */
  jobs?: readonly { jobId: string; hosts: readonly string[] }[];
}

/** Whether a command line asks for JSON: known also when the line cannot be read. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** Prints an error for a program that asked for JSON, on standard output. */
export function tellProgram(error: ToldError, json: boolean): void {
  if (json) printJson({ error });
}

/** Prints an error for a person, and for a program that asked for JSON. */
export function tellError(error: ToldError, json: boolean, prefix = 'fleetwall: '): ExitStatus {
  printAside(`${error.message.replace(/^/gm, prefix)}\n`);
  tellProgram(error, json);
  return error.exitStatus;
}
