import { Command, CommanderError } from 'commander';
import { VERSION } from '../config/version.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';
import type { ExitStatus } from './terminal/exit-status.ts';

/** Runs one command line to its exit status. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const setStatus = (result: ExitStatus) => (status = result);
  const program = new Command('fleetwall')
    .description('Applies iptables rulesets on every host of a fleet, from jobs on RabbitMQ')
    .version(VERSION)
    .exitOverride();
  const chosen = chosenCommand(argv.slice(2));
  try {
    for (const entry of COMMANDS) {
      const command = entry.name === chosen ? (await entry.load())(setStatus) : new Command(entry.name);
      program.addCommand(describe(command, entry), { hidden: entry.hidden === true });
    }
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return (await import('./refuse.ts')).refuse(error);
  }
}

/** The first word that is no flag; of `help COMMAND`, the second. */
function chosenCommand(args: readonly string[]): string | undefined {
  const words = args.filter((word) => !word.startsWith('-'));
  return words[0] === 'help' ? words[1] : words[0];
}

function describe(command: Command, { description }: CommandEntry): Command {
  return command.exitOverride().description(description);
}
