import {
  BrokerRefused,
  BrokerUnreachable,
  NoSuchRollout,
  PlanError,
  RequestInvalid,
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
  RolloutIsRun,
];

/** What a person can mend is told to them; anything else is an error in fleetwall, and thrown. */
export function refuse(error: unknown): ExitStatus {
  if (error instanceof FileError) {
    printAside(`${error.message}\n`);
    return error.problems.every(({ line }) => line === null) ? 2 : 1;
  }
  if (error instanceof BrokerUnreachable) {
    printAside(`fleetwall: the broker cannot be reached: ${error.message}\n`);
    return 3;
  }
  if (!isForThePerson(error)) throw error;
  printAside(`${error.message.replace(/^/gm, 'fleetwall: ')}\n`);
  return 2;
}

function isForThePerson(error: unknown): error is Error {
  return FOR_THE_PERSON.some((kind) => error instanceof kind);
}
