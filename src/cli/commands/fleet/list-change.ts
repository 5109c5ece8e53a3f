import { Argument, Command, Option } from 'commander';
import type { HostAnswers, HostSelection, ListEntry, ListOptions } from '../../../central/ask/options.ts';
import type { FleetLists } from '../../../central/fleet-lists.ts';
import { readListFile } from '../../files/list-file.ts';
import { withExamples } from '../../options/help.ts';
import { type ListFlags, runOnList, withListOptions } from '../../options/list-options.ts';
import { collectEntry, readListName } from '../../options/read-values.ts';
import { type UntilFlags, untilOf, withUntil } from '../../options/until-options.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

type End = (status: ExitStatus) => void;
type EntryFlags = ListFlags & UntilFlags & FileFlags & { cut?: true; skipNever?: true };
type FileFlags = { file?: string };

export function addCommand(end: End): Command {
  const command = nameEntries(new Command('add')).description('put addresses or networks into a list');
  withUntil(command, {
    for: 'for how long they are in it',
    until: 'when they end',
    otherwise: 'until they are removed',
  });
  withEntryOptions(command);
  withListOptions(command, 'none').action(
    async (name: string, entries: string[], flags: EntryFlags, self: Command) => {
      const until = untilOf(flags);
      const add = (await withFile(entries, flags, self)).map((one) =>
        until === undefined || typeof one !== 'string' ? one : { entry: one, until },
      );
      const list = { name, revision: flags.revision, add, ...entryFlags(flags) };
      end(await runOnList('add to', name, false, flags, self, sendsChange(list)));
    },
  );
  return withExamples(command, [
    [
      'refuse an address everywhere for four hours',
      'fleetwall list add blocked 203.0.113.9 --for 4h --all --yes',
    ],
    [
      'a network on a group, and end the connections that it has',
      'fleetwall list add blocked 2001:db8:7::/48 --cut --group web --yes',
    ],
    [
      'what a program has found, besides what is in',
      'fleetwall list add blocked --file - --for 1d --all --yes',
    ],
  ]);
}

export function removeCommand(end: End): Command {
  const command = nameEntries(new Command('remove')).description('take addresses or networks out of a list');
  withListOptions(command, 'none').action(
    async (name: string, entries: string[], flags: ListFlags & FileFlags, self: Command) => {
      const all = await withFile(entries, flags, self);
      const remove = all.map((one) => (typeof one === 'string' ? one : one.entry));
      const list = { name, revision: flags.revision, remove };
      end(await runOnList('remove from', name, true, flags, self, sendsChange(list)));
    },
  );
  return withExamples(command, [
    ['let an address in again', 'fleetwall list remove blocked 203.0.113.9 --all --yes'],
    [
      'two networks, on one host',
      'fleetwall list remove blocked 198.51.100.0/24 2001:db8:7::/48 --host web-1',
    ],
  ]);
}

export function replaceCommand(end: End): Command {
  const command = nameList(new Command('replace')).description('have a list hold exactly what is in a file');
  command
    .argument(
      '<file>',
      'an entry a line, each with " until TIME" or not, and comments from # on; or JSON; - is standard input',
    )
    .addOption(
      new Option('--kind <kind>', 'what the list is for: addresses that are refused, or that are let in')
        .choices(['deny', 'allow'])
        .default(undefined, 'as it is; of a new list, deny'),
    );
  withEntryOptions(command);
  withListOptions(command, 'probe').action(
    async (
      name: string,
      path: string,
      { kind, ...flags }: EntryFlags & { kind?: 'deny' | 'allow' },
      self: Command,
    ) => {
      const file = await readListFile(path);
      const said = kind === undefined ? {} : { kind };
      const list = { name, revision: flags.revision, ...file, ...said, ...entryFlags(flags) };
      const send: Send = async (lists, whom, options) => await lists.replace(list, whom, options);
      end(await runOnList('replace', name, false, flags, self, send));
    },
  );
  return withExamples(command, [
    ['a list that somebody keeps, on every host', 'fleetwall list replace blocked blocked.txt --all --yes'],
    [
      'who may come in, on a group',
      'fleetwall list replace offices offices.json --kind allow --group web --yes',
    ],
  ]);
}

export function deleteCommand(end: End): Command {
  const command = nameList(new Command('delete')).description(
    'take a list away; rules must not match it any more',
  );
  withListOptions(command, 'probe').action(async (name: string, flags: ListFlags, self: Command) => {
    const send: Send = async (lists, whom, options) =>
      await lists.remove(name, flags.revision, whom, options);
    end(await runOnList('delete', name, true, flags, self, send));
  });
  return withExamples(command, [
    ['on one host', 'fleetwall list delete blocked --host web-1'],
    ['on every host, signed', 'fleetwall list delete blocked --all --key ops.key --yes'],
  ]);
}

type Send = (lists: FleetLists, whom: HostSelection, options: ListOptions) => Promise<HostAnswers>;

function sendsChange(list: Parameters<FleetLists['change']>[0]): Send {
  return async (lists, whom, options) => await lists.change(list, whom, options);
}

function nameList(command: Command): Command {
  return command.addArgument(new Argument('<name>', 'the name of the list').argParser(readListName));
}

function nameEntries(command: Command): Command {
  return nameList(command)
    .addArgument(
      new Argument('[entry...]', 'addresses and networks, such as 192.0.2.1 or 2001:db8::/48').argParser(
        collectEntry,
      ),
    )
    .option(
      '--file <file>',
      'entries that are in a file, besides: an entry a line, each with " until TIME" or not, or JSON; - is standard input',
    );
}

/** The entries that were named, and those of the file. @throws {FileError} */
async function withFile(
  entries: readonly string[] = [],
  { file }: FileFlags,
  command: Command,
): Promise<ListEntry[]> {
  if (file !== undefined) return [...entries, ...(await readListFile(file)).entries];
  if (entries.length === 0) command.error("error: missing required argument 'entry': name one, or a --file");
  return [...entries];
}

/** What goes for entries that come in. */
function withEntryOptions(command: Command): void {
  command
    .option(
      '--cut',
      'then delete the tracked flows of what came in, and close connections of the hosts to it',
    )
    .option(
      '--skip-never',
      'leave out what a host must never refuse, such as its own addresses; else such a host refuses all of it',
    );
}

function entryFlags({ cut, skipNever }: EntryFlags) {
  return { cut: cut === true, onNever: skipNever === true ? ('skip' as const) : ('refuse' as const) };
}
