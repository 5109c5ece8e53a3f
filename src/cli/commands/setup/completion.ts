import { Argument, Command } from 'commander';
import { complete } from '../../completion/candidates.ts';
import { findNames } from '../../completion/find-names.ts';
import { SCRIPTS } from '../../completion/scripts.ts';
import { SHELLS, type Shell } from '../../completion/shells.ts';
import { withExamples } from '../../options/help.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printExactly, printJson } from '../../terminal/print.ts';

type End = (status: ExitStatus) => void;

/** The commands of the program, of which only one is loaded. */
export interface KnownCommands {
  commands: readonly { value: string; text: string }[];
  find: (name: string) => Promise<Command | undefined>;
}

/** What a shell needs to complete command lines of fleetwall. */
export function completionCommand(end: End): Command {
  const command = new Command('completion')
    .addArgument(new Argument('<shell>', 'the shell that the script is for').choices(SHELLS))
    .option('--json', 'print the script as one JSON object on standard output')
    .action((shell: Shell, { json }: { json?: true }) => {
      if (json === true) printJson({ shell, script: SCRIPTS[shell] });
      else printExactly(SCRIPTS[shell]);
      end(0);
    });
  return withExamples(command, [
    [
      'for bash, with the package bash-completion',
      'fleetwall completion bash > ~/.local/share/bash-completion/completions/fleetwall',
    ],
    ['for fish', 'fleetwall completion fish > ~/.config/fish/completions/fleetwall.fish'],
  ]);
}

/** What the scripts ask at each TAB. Whatever goes wrong, there is nothing to offer then. */
export function completeCommand(end: End, known: KnownCommands): Command {
  return new Command('complete')
    .addArgument(new Argument('<shell>', 'the shell that asks').choices(SHELLS))
    .argument('[words...]', 'what is typed behind fleetwall, up to the cursor')
    .action(async (shell: Shell, words: string[]) => {
      const lines = await complete(shell, words, { ...known, names: findNames }).catch(() => []);
      print(lines.map((line) => `${line}\n`).join(''));
      end(0);
    });
}
