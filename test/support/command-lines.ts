import type { Command } from 'commander';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { MarkdownFile } from './documents.ts';

/** What may stand before a command in its line: a prompt, what comes before a pipe, settings for it. */
const COMMAND =
  /(?:^|[|;&({}]|\bexec|\bsudo)\s*(?:\$ )?(?:[A-Z_]+=\S* )*(?:\.\/|[\w./-]*\/)?(?:fleetwall|node (?:\.\.\/)?dist\/cli\/main\.js) +([^|;&()]*)/g;

/** Every command line of fleetwall in code, as its words. */
export function commandLines({ code, spans }: MarkdownFile): string[][] {
  return [...code.map((line) => line.replace(/(?:^| )# .*$/, '')), ...spans].flatMap((line) =>
    [...line.matchAll(COMMAND)].map(([, words = '']) => words.split(/\s+/).filter((word) => word !== '')),
  );
}

/** All commands with their options. A user's command line loads only the one that it names. */
export async function loadCommands(): Promise<Map<string, Command>> {
  const entries = COMMANDS.map(async (entry) => [entry.name, (await entry.load())(() => {})] as const);
  return new Map(await Promise.all(entries));
}

/** Why there is no such command line; `null`: there is. */
export function whyNoCommand(
  words: readonly string[],
  commands: ReadonlyMap<string, Command>,
): string | null {
  const [name = '', ...rest] = words;
  if (name.startsWith('-')) return ['--help', '--version'].includes(name) ? null : `fleetwall has no ${name}`;
  if (name === 'help') return null;
  const top = commands.get(name);
  if (top === undefined) return `there is no command ${name}`;
  const command = subcommand(top, rest);
  const known = new Set(['--help', ...command.options.map(({ long }) => long)]);
  const unknown = rest
    .map((word) => word.replace(/[=,.:)].*$/, ''))
    .find((word) => /^--\w/.test(word) && !known.has(word));
  return unknown === undefined ? null : `${name} has no ${unknown}`;
}

/** `rollout FILE` is `rollout start FILE`. */
function subcommand(command: Command, words: readonly string[]): Command {
  const named = command.commands.find((sub) => sub.name() === words[0]);
  return named ?? command.commands.find((sub) => sub.name() === 'start') ?? command;
}

/** `FLEETWALL_…` that flags may be given by. */
export function variablesOf(commands: ReadonlyMap<string, Command>): string[] {
  const all = [...commands.values()].flatMap((command) => [command, ...command.commands]);
  return all.flatMap(({ options }) => options.flatMap(({ envVar }) => envVar ?? []));
}
