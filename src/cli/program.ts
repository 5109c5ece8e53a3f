import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { workerCommand } from './worker-command.ts';

/** 0 done · 1 something failed · 2 bad usage or settings. */
export type ExitStatus = 0 | 1 | 2;

/** Runs one command line to its exit status. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const program = new Command('fleetwall')
    .description('Applies iptables rulesets on every host of a fleet, from jobs on RabbitMQ')
    .version(version)
    .exitOverride()
    .addCommand(workerCommand((result) => (status = result)).exitOverride());
  try {
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
