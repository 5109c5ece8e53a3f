import type { Argument, Command, Option } from 'commander';
import { escapeLines } from '../../contract/words/escape.ts';

/** Options that belong together, under a heading of their own in the help. */
export function optionsUnder(heading: string, command: Command, add: (command: Command) => void): Command {
  add(command.optionsGroup(heading));
  return command.optionsGroup('Options:');
}

/** What a person may type, and what that does; at the end of the help. */
export function withExamples(command: Command, examples: readonly (readonly [what: string, line: string])[]) {
  const lines = examples.flatMap(([what, line]) => [`  # ${what}`, `  $ ${line}`]);
  return command.addHelpText('after', ['', 'Examples:', ...lines].join('\n'));
}

/** The style of all help: what may be given, where from, and what holds otherwise; each once. */
export function styleHelp(command: Command): Command {
  command.configureHelp({ optionDescription: describe, argumentDescription: describe });
  // What is quoted of a command line may come from anywhere, as where a program has put it together.
  command.configureOutput({ outputError: (text, write) => write(escapeLines(text)) });
  for (const each of command.commands) styleHelp(each);
  return command;
}

function describe(told: Option | Argument): string {
  const { description, argChoices, defaultValue, defaultValueDescription } = told;
  const fallback = defaultValueDescription ?? (isNothing(defaultValue) ? undefined : String(defaultValue));
  const more = [
    ...(argChoices === undefined ? [] : [`one of: ${argChoices.join(' | ')}`]),
    ...('envVar' in told && told.envVar !== undefined ? [`env: ${told.envVar}`] : []),
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
  ];
  return more.length === 0 ? description : `${description} (${more.join(', ')})`;
}

function isNothing(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
