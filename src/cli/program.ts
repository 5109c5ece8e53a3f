import { Command, CommanderError } from 'commander';
import {
  BrokerRefused,
  BrokerUnreachable,
  NoSuchRollout,
  PlanError,
  RequestInvalid,
  RolloutIsRun,
} from '../central/errors.ts';
import { ManagementError } from '../central/provision.ts';
import { SettingsError } from '../config/settings-error.ts';
import { VERSION } from '../config/version.ts';
import { SetupError } from '../job/setup-error.ts';
import { StateUnavailable } from '../job/state.ts';
import { applyCommand } from './apply-command.ts';
import { checkCommand } from './check-command.ts';
import { doctorCommand } from './doctor-command.ts';
import type { ExitStatus } from './exit-status.ts';
import { FileError } from './file-error.ts';
import { Interrupted } from './fleet-options.ts';
import { keysCommand } from './keys-command.ts';
import { planCommand } from './plan-command.ts';
import { provisionCommand } from './provision-command.ts';
import { pushCommand } from './push-command.ts';
import { rolloutCommand } from './rollout-command.ts';
import { answerCommands, reportCommand, rulesetCommands } from './ruleset-commands.ts';
import { schemaCommand } from './schema-command.ts';
import { serviceCommand } from './service-command.ts';
import { settleCommand } from './settle-command.ts';
import { statusCommand } from './status-command.ts';
import { NoTerminal } from './terminal-answers.ts';
import { watchCommand } from './watch-command.ts';
import { workerCommand } from './worker-command.ts';

/** Runs one command line to its exit status. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const setStatus = (result: ExitStatus) => (status = result);
  const program = new Command('fleetwall')
    .description('Applies iptables rulesets on every host of a fleet, from jobs on RabbitMQ')
    .version(VERSION)
    .exitOverride()
    .addCommand(workerCommand(setStatus).exitOverride())
    .addCommand(checkCommand(setStatus).exitOverride())
    .addCommand(applyCommand(setStatus).exitOverride())
    .addCommand(planCommand(setStatus).exitOverride())
    .addCommand(doctorCommand(setStatus).exitOverride())
    .addCommand(keysCommand(setStatus))
    .addCommand(pushCommand(setStatus).exitOverride())
    .addCommand(rolloutCommand(setStatus))
    .addCommand(watchCommand(setStatus).exitOverride())
    .addCommand(statusCommand(setStatus).exitOverride())
    .addCommand(reportCommand(setStatus).exitOverride())
    .addCommand(provisionCommand(setStatus).exitOverride())
    .addCommand(schemaCommand(setStatus).exitOverride())
    .addCommand(serviceCommand(setStatus))
    .addCommand(settleCommand(setStatus).exitOverride(), { hidden: true });
  for (const command of [...rulesetCommands(setStatus), ...answerCommands(setStatus)]) {
    program.addCommand(command.exitOverride());
  }
  try {
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return refuse(error);
  }
}

/** What a person can mend is told to them; anything else is an error in fleetwall. */
function refuse(error: unknown): ExitStatus {
  if (error instanceof FileError) {
    process.stderr.write(`${error.message}\n`);
    return error.problems.every(({ line }) => line === null) ? 2 : 1;
  }
  if (error instanceof BrokerUnreachable) {
    process.stderr.write(`fleetwall: the broker cannot be reached: ${error.message}\n`);
    return 3;
  }
  if (!isForThePerson(error)) throw error;
  process.stderr.write(`${error.message.replace(/^/gm, 'fleetwall: ')}\n`);
  return 2;
}

function isForThePerson(error: unknown): error is Error {
  return FOR_THE_PERSON.some((kind) => error instanceof kind);
}

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
