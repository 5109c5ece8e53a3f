import {
  BrokerRefused,
  BrokerUnreachable,
  GateFailed,
  HostIsOnline,
  NobodyKnown,
  NoSuchRollout,
  PlanError,
  RequestInvalid,
  RolloutHasEnded,
  RolloutIsRun,
  SettingsError,
} from '../central/messages/errors.ts';
import { ManagementError, ManagementUnreachable } from '../central/provision-fleet.ts';
import { SetupError } from '../config/setup-error.ts';
import { StateUnavailable } from '../job/ports/stores.ts';
import { FileError } from './files/file-error.ts';
import { Interrupted } from './options/fleet-options.ts';
import { NobodyWaits } from './options/nobody-waits.ts';
import type { ExitStatus } from './terminal/exit-status.ts';
import { type ToldError, tellError } from './terminal/tell-error.ts';
import { NoTerminal } from './terminal/terminal-answers.ts';

type Kind = new (...args: never[]) => Error;

/** What a person can mend, and the exit status; what has a `code` itself, by which programs know it, keeps that. */
const FOR_THE_PERSON: readonly (readonly [Kind, ExitStatus, code?: string])[] = [
  [SettingsError, 2],
  [SetupError, 2, 'setup_failed'],
  [StateUnavailable, 2, 'state_unavailable'],
  [NoTerminal, 2, 'no_terminal'],
  [ManagementUnreachable, 3, 'broker_unreachable'],
  [ManagementError, 2, 'management_failed'],
  [BrokerRefused, 2],
  [BrokerUnreachable, 3],
  [RequestInvalid, 2],
  [PlanError, 2],
  [NoSuchRollout, 2],
  [RolloutHasEnded, 2],
  [RolloutIsRun, 2],
  [NobodyKnown, 4],
  [GateFailed, 1],
  [NobodyWaits, 1],
  [HostIsOnline, 2],
];

/** What a person can mend is told to them; anything else is an error in fleetwall, and told with where it was. */
export function refuse(error: unknown, json: boolean): ExitStatus {
  return tellError(describe(error), json, error instanceof FileError ? '' : undefined);
}

function describe(error: unknown): ToldError {
  if (!(error instanceof Error)) return unforeseen(String(error));
  const { message } = error;
  if (error instanceof FileError) return fileInvalid(error);
  if (error instanceof Interrupted) return interrupted(error);
  const [, exitStatus, code] = FOR_THE_PERSON.find(([kind]) => error instanceof kind) ?? [];
  if (exitStatus !== undefined) {
    const own = code ?? (error as { code?: string }).code ?? 'internal';
    const told = error instanceof BrokerUnreachable ? `the broker cannot be reached: ${message}` : message;
    return { code: own, message: told, exitStatus };
  }
  // An error of the system names what it is about: it is told as it is.
  if (isOfTheSystem(error)) {
    const { path } = error;
    return { code: 'system_error', message, exitStatus: 2, ...(path === undefined ? {} : { file: path }) };
  }
  return unforeseen(error.stack ?? message);
}

function interrupted({ message, signal, jobs }: Interrupted): ToldError {
  const exitStatus = signal === 'SIGINT' ? 130 : 143;
  return { code: 'interrupted', message, exitStatus, ...(jobs.length === 0 ? {} : { jobs }) };
}

function fileInvalid({ message, problems }: FileError): ToldError {
  const all = problems.map(({ path: file, line, reason }) => ({ file, line, reason }));
  const [first] = all;
  return {
    code: 'file_invalid',
    message,
    exitStatus: all.every(({ line }) => line === null) ? 2 : 1,
    ...(first === undefined ? {} : { file: first.file, line: first.line }),
    problems: all,
  };
}

/** A fault of fleetwall, which somebody has to see. */
function unforeseen(reason: string): ToldError {
  const message = `an error in fleetwall itself, please report it:\n${reason}`;
  return { code: 'internal', message, exitStatus: 1 };
}

function isOfTheSystem(error: Error): error is NodeJS.ErrnoException {
  return 'syscall' in error && 'code' in error;
}
