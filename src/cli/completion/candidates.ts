import type { Argument, Command, Option } from 'commander';
import { FailureCode } from '../../contract/events/failure.ts';
import { optionsOf, type Place, type ReadLine, readLine } from './read-line.ts';
import type { NameKind } from './seen-names.ts';
import type { Shell } from './shells.ts';

/** What can be typed there, and what it is. */
interface Candidate {
  value: string;
  text?: string;
}

/** Where candidates come from. */
export interface Sources {
  commands: readonly Candidate[];
  /** With its options. */
  find: (name: string) => Promise<Command | undefined>;
  names: (kind: NameKind, given: Record<string, string>) => Promise<string[]>;
}

const FILES: Candidate = { value: ':files' };
const FOLDERS: Candidate = { value: ':folders' };
/** Options and arguments whose values the fleet tells. */
const NAMES: Readonly<Record<string, NameKind>> = {
  '--host': 'hosts',
  '--exclude': 'hosts',
  '--group': 'groups',
  '--ruleset': 'rulesets',
  host: 'hosts',
  ruleset: 'rulesets',
};

/**
 * The answer to one TAB, a line for each candidate.
 *
 * @param words behind `fleetwall`; the cursor stands in the last, which may be empty
 */
export async function complete(shell: Shell, words: readonly string[], sources: Sources): Promise<string[]> {
  const line = await readLine(words, sources.find);
  if (line === null) return [];
  const all = await candidatesAt(line.place, line, sources);
  // bash takes what is before the = for a word of its own.
  const before = shell === 'bash' ? '' : line.before;
  return all
    .filter(({ value }) => value.startsWith(line.typed) || value.startsWith(':'))
    .map(({ value, text = '' }) =>
      value.startsWith(':') ? value : `${before}${value}\t${text.split('\n', 1)[0]}`,
    );
}

async function candidatesAt(place: Place, line: ReadLine, sources: Sources): Promise<readonly Candidate[]> {
  switch (place.kind) {
    case 'command':
      return line.typed.startsWith('-') ? [{ value: '--help' }, { value: '--version' }] : sources.commands;
    case 'option':
      return optionsOf(place.command).map(({ long, short, description }) => ({
        value: long ?? short ?? '',
        text: description,
      }));
    case 'value':
      return await valuesOf(place.option, place.option.long ?? '', line, sources);
    case 'argument': {
      const { command, argument } = place;
      const own = argument === undefined ? [] : await valuesOf(argument, argument.name(), line, sources);
      return [...command.commands.map((sub) => ({ value: sub.name(), text: sub.description() })), ...own];
    }
  }
}

async function valuesOf(
  told: Option | Argument,
  name: string,
  { given }: ReadLine,
  { names }: Sources,
): Promise<readonly Candidate[]> {
  if (told.argChoices !== undefined) return told.argChoices.map((value) => ({ value }));
  const kind = NAMES[name];
  if (kind !== undefined) return (await names(kind, given)).map((value) => ({ value }));
  if (name === 'code') return FailureCode.options.map((value) => ({ value }));
  const shape = 'flags' in told ? told.flags : `<${name}>`;
  if (shape.includes('<file>')) return [FILES];
  return shape.includes('<folder>') ? [FOLDERS] : [];
}
