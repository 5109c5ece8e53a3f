import { Command, CommanderError } from 'commander';
import { VERSION } from '../config/version.ts';
import { COMMANDS } from './commands.ts';
import { styleHelp } from './options/help.ts';
import type { ExitStatus } from './terminal/exit-status.ts';
import { asksForJson, tellProgram } from './terminal/tell-error.ts';

const AFTER = `
fleetwall help COMMAND tells of its options, and shows examples.

Exit status:
  0  done
  1  at least one host, line or check failed
  2  wrong usage or settings
  3  the broker cannot be reached
  4  some host did not answer in time
  130, 143  ended by SIGINT (Ctrl-C), by SIGTERM`;

/** Runs one command line to its exit status. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const chosen = chosenCommand(argv.slice(2));
  try {
    const program = await makeProgram(
      (name) => name === chosen,
      (result) => (status = result),
    );
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    const json = asksForJson(argv);
    if (error instanceof CommanderError) return endOfUsage(error, json);
    return (await import('./refuse.ts')).refuse(error, json);
  }
}

/** All commands, of which those that are not wanted have a name and a description only. */
export async function makeProgram(
  isWanted: (name: string) => boolean,
  end: (status: ExitStatus) => void,
): Promise<Command> {
  const program = new Command('fleetwall')
    .description('Applies iptables rulesets on every host of a fleet, from jobs on RabbitMQ')
    .version(VERSION, '-V, --version', 'print the version of fleetwall')
    .addHelpText('after', AFTER)
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride();
  for (const { name, group, description, hidden = false, load } of COMMANDS) {
    const command = isWanted(name) ? (await load())(end) : new Command(name);
    program.addCommand(command.exitOverride().description(description).helpGroup(group), { hidden });
  }
  return styleHelp(program);
}

/** commander itself has told the person. */
function endOfUsage({ exitCode, code, message }: CommanderError, json: boolean): ExitStatus {
  if (exitCode === 0) return 0;
  const isMissing = code === 'commander.help';
  const told = isMissing ? 'it is not said which command: see --help' : message.replace(/^error: /, '');
  tellProgram({ code: 'usage_invalid', message: told, exitStatus: 2 }, json);
  return 2;
}

/** The first word that is no flag; of `help COMMAND`, the second. */
function chosenCommand(args: readonly string[]): string | undefined {
  const words = args.filter((word) => !word.startsWith('-'));
  return words[0] === 'help' ? words[1] : words[0];
}
