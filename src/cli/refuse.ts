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
} from '../central/fleet/errors.ts';
import { ManagementError } from '../central/provision-fleet.ts';
import { SetupError } from '../config/setup-error.ts';
import { StateUnavailable } from '../job/ports/stores.ts';
import { FileError } from './files/file-error.ts';
import { Interrupted } from './options/fleet-options.ts';
import type { ExitStatus } from './terminal/exit-status.ts';
import { printAside } from './terminal/print.ts';
import { NoTerminal } from './terminal/terminal-answers.ts';

const FOR_THE_PERSON = [
  SettingsError,
  SetupError,
  StateUnavailable,
  NoTerminal,
  ManagementError,
  Interrupted,
  BrokerRefused,
  RequestInvalid,
  PlanError,
  NoSuchRollout,
  RolloutHasEnded,
  RolloutIsRun,
  NobodyKnown,
  GateFailed,
  HostIsOnline,
];

/** What a person can mend is told to them; anything else is an error in fleetwall, and told with where it was. */
export function refuse(error: unknown): ExitStatus {
  if (error instanceof FileError) {
    printAside(`${error.message}\n`);
    return error.problems.every(({ line }) => line === null) ? 2 : 1;
  }
  if (error instanceof BrokerUnreachable) {
    printAside(`fleetwall: the broker cannot be reached: ${error.message}\n`);
    return 3;
  }
  if (isBrokerRefusal(error)) {
    printAside(
      `fleetwall: the broker does not allow that: ${error.message}; see the rights of this user (fleetwall provision)\n`,
    );
    return 2;
  }
  const { message } = isForThePerson(error) ? error : asUnforeseen(error);
  printAside(`${message.replace(/^/gm, 'fleetwall: ')}\n`);
  if (error instanceof NobodyKnown) return 4;
  if (error instanceof GateFailed) return 1;
  if (error instanceof Interrupted) return error.signal === 'SIGINT' ? 130 : 143;
  return isForThePerson(error) || isOfTheSystem(error) ? 2 : 1;
}

/** An error of the system names what it is about: it is told as it is. Any other is a fault of fleetwall, which somebody has to see. */
function asUnforeseen(error: unknown): Error {
  if (isOfTheSystem(error)) return error;
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Error(`an error in fleetwall itself, please report it:\n${reason}`);
}

/** Of a channel that the broker has closed: amqplib gives its reply code, a number. */
function isBrokerRefusal(error: unknown): error is Error {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'number';
}

function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

function isForThePerson(error: unknown): error is Error {
  return FOR_THE_PERSON.some((kind) => error instanceof kind);
}
