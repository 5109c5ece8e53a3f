import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { SettingsError } from '../config/load-settings.ts';
import { SetupError } from '../job/setup-error.ts';
import { StateUnavailable } from '../job/state.ts';
import { checkCommand } from './check-command.ts';
import type { ExitStatus } from './exit-status.ts';
import { FileError } from './file-error.ts';
import { planCommand } from './plan-command.ts';
import { workerCommand } from './worker-command.ts';

/** Runs one command line to its exit status. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const program = new Command('fleetwall')
    .description('Applies iptables rulesets on every host of a fleet, from jobs on RabbitMQ')
    .version(version)
    .exitOverride()
    .addCommand(workerCommand((result) => (status = result)).exitOverride())
    .addCommand(checkCommand((result) => (status = result)).exitOverride())
    .addCommand(planCommand((result) => (status = result)).exitOverride());
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
  const known =
    error instanceof SettingsError || error instanceof SetupError || error instanceof StateUnavailable;
  if (!known) throw error;
  process.stderr.write(`${error.message.replace(/^/gm, 'fleetwall: ')}\n`);
  return 2;
}
