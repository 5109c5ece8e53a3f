import type { Argument, Command, Option } from 'commander';

/** What can stand at the cursor. */
export type Place =
  | { kind: 'command' }
  | { kind: 'option'; command: Command }
  | { kind: 'value'; option: Option }
  | { kind: 'argument'; command: Command; argument: Argument | undefined };

export interface ReadLine {
  place: Place;
  /** What of it is typed already. */
  typed: string;
  /** What of the word stands before that: `--host=`, or nothing. */
  before: string;
  /** Values of options that are given already, by the names that commander gives them. */
  given: Record<string, string>;
}

/**
 * Reads a line that is not typed to its end.
 *
 * @param words behind `fleetwall`; the cursor stands in the last, which may be empty
 * @param find the command of a name, with its options; `undefined`: there is none
 */
export async function readLine(
  words: readonly string[],
  find: (name: string) => Promise<Command | undefined>,
): Promise<ReadLine | null> {
  const typed = words.at(-1) ?? '';
  const [name, ...rest] = words.slice(0, -1);
  const start = { typed, before: '', given: {} };
  if (name === undefined || (name === 'help' && rest.length === 0))
    return { ...start, place: { kind: 'command' } };
  const found = await find(name);
  if (found === undefined) return null;
  const walk = new Walk(found);
  for (const word of rest) walk.step(word);
  return { ...start, given: walk.given, ...walk.at(typed) };
}

/** Goes from word to word, as commander would. */
class Walk {
  readonly given: Record<string, string> = {};
  #command: Command;
  #awaited: Option | null = null;
  #arguments = 0;
  #onlyArguments = false;

  constructor(command: Command) {
    this.#command = command;
  }

  step(word: string): void {
    if (this.#awaited !== null) {
      this.given[this.#awaited.attributeName()] = word;
      this.#awaited = null;
    } else if (word === '--') this.#onlyArguments = true;
    else if (word.startsWith('-') && !this.#onlyArguments) this.#takeOption(word);
    else this.#takeArgument(word);
  }

  at(typed: string): Pick<ReadLine, 'place'> & Partial<ReadLine> {
    if (this.#awaited !== null) return { place: { kind: 'value', option: this.#awaited } };
    if (typed.startsWith('-') && !this.#onlyArguments) {
      const [, before = '', value = ''] = /^(--[^=]+=)(.*)$/s.exec(typed) ?? [];
      if (before === '') return { place: { kind: 'option', command: this.#command } };
      const option = optionOf(this.#command, before.slice(0, -1));
      if (option !== undefined) return { place: { kind: 'value', option }, before, typed: value };
    }
    const { registeredArguments: all } = defaultOf(this.#command);
    const last = all.at(-1);
    const argument = all[this.#arguments] ?? (last?.variadic === true ? last : undefined);
    return { place: { kind: 'argument', command: this.#command, argument } };
  }

  #takeOption(word: string): void {
    const [flag = '', ...value] = word.split('=');
    const option = optionOf(this.#command, flag);
    if (option === undefined || option.isBoolean()) return;
    if (value.length > 0) this.given[option.attributeName()] = value.join('=');
    else if (option.required) this.#awaited = option;
  }

  #takeArgument(word: string): void {
    const named =
      this.#arguments === 0 ? this.#command.commands.find((sub) => sub.name() === word) : undefined;
    if (named === undefined) this.#arguments += 1;
    else this.#command = named;
  }
}

/** `rollout FILE` is `rollout start FILE`. */
function defaultOf(command: Command): Command {
  return command.commands.find((sub) => sub.name() === 'start') ?? command;
}

function optionOf(command: Command, flag: string): Option | undefined {
  return defaultOf(command).options.find(({ long, short }) => long === flag || short === flag);
}

/** Options as they are told in the help. */
export function optionsOf(command: Command): Option[] {
  const own = defaultOf(command);
  return own.createHelp().visibleOptions(own);
}
