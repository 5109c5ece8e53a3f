import { Command, Option } from 'commander';
import { plural } from '../../../central/messages/plural.ts';
import {
  describeFleet,
  type NamedHost,
  provisionFleet,
  removeHosts,
} from '../../../central/provision-fleet.ts';
import { GroupName, HostId } from '../../../contract/words/identifiers.ts';
import { FileError, FileProblem } from '../../files/file-error.ts';
import { readInputText } from '../../files/read-input.ts';
import { withExamples } from '../../options/help.ts';
import { collect, collectUser } from '../../options/read-values.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printJson } from '../../terminal/print.ts';

interface Flags {
  hosts?: string;
  group: string[];
  operator: string[];
  reader: string[];
  vhost: string;
  queueType: 'quorum' | 'classic';
  passwords?: string;
  certificates?: true;
  definitions?: true;
  remove?: true;
  managementUrl: string;
  json?: true;
}

/** What a fleet needs on the broker, made by its administrator. */
export function provisionCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('provision')
    .argument('[hosts...]', 'the ids of hosts')
    .option(
      '--hosts <file>',
      'a file with a line for each host: its id, a blank, and its groups with commas between; - is standard input',
    )
    .option(
      '--group <name>',
      'a group of the hosts that are given as arguments; may be given several times',
      collect,
      [],
    )
    .option(
      '--operator <name>',
      'a user who may send jobs and hear events; may be given several times',
      collectUser,
      [],
    )
    .option(
      '--reader <name>',
      'a user who may read the log of events and nothing else, such as for fleetwall console; may be given several times',
      collectUser,
      [],
    )
    .option('--vhost <name>', 'the virtual host of the fleet on the broker', '/')
    .addOption(
      new Option('--queue-type <type>', 'the type of the queues for jobs')
        .choices(['quorum', 'classic'])
        .default('quorum'),
    )
    .option(
      '--passwords <folder>',
      'a folder for the passwords of all users, each in a file of its own; a password that is there stays',
    )
    .option(
      '--certificates',
      'users have no passwords, and log in by a certificate whose common name is their own (SASL EXTERNAL)',
    )
    .option('--definitions', 'print definitions for RabbitMQ to import, and talk to no broker')
    .option('--remove', 'take the hosts away: their users, their queues, and the jobs that wait there')
    .addOption(
      new Option('--management-url <url>', "the broker's management API, and an administrator's log-in")
        .env('FLEETWALL_MANAGEMENT_URL')
        .default('http://guest:guest@127.0.0.1:15672'),
    )
    .option('--json', 'print one JSON object on standard output')
    .action(async (ids: string[], flags: Flags, self: Command) => {
      const hosts = [...namedHosts(ids, flags.group, self), ...(await hostsInFile(flags.hosts))];
      end(await provision(hosts, flags, self));
    });
  return withExamples(command, [
    [
      'two hosts of a group, and an operator',
      'fleetwall provision web-1 web-2 --group web --operator ops --passwords ./passwords',
    ],
    [
      'all hosts of a file, as definitions for rabbitmqctl import_definitions',
      'fleetwall provision --hosts hosts.txt --certificates --definitions > definitions.json',
    ],
    ['a host that is no more', 'fleetwall provision web-2 --remove'],
  ]);
}

async function provision(hosts: NamedHost[], flags: Flags, command: Command): Promise<ExitStatus> {
  const { vhost, queueType, operator: operators, reader: readers, passwords, certificates } = flags;
  if (!URL.canParse(flags.managementUrl)) command.error('error: --management-url is no URL');
  const url = new URL(flags.managementUrl);
  const count = plural(hosts.length, 'host');
  if (flags.remove === true) {
    await removeHosts(
      vhost,
      hosts.map(({ hostId }) => hostId),
      url,
    );
    tell(flags, `${count} removed`, { removed: hosts.map(({ hostId }) => hostId) });
    return 0;
  }
  if ((passwords === undefined) === (certificates === undefined)) {
    command.error('error: say how users log in: either --passwords FOLDER or --certificates');
  }
  const fleet = { vhost, queueType, hosts, operators, readers, passwordFolder: passwords ?? null };
  if (flags.definitions === true) {
    print(`${JSON.stringify(await describeFleet(fleet), null, 2)}\n`);
    return 0;
  }
  await provisionFleet(fleet, url);
  const users = plural(operators.length, 'operator');
  const whom =
    readers.length === 0
      ? `${count} and ${users}`
      : `${count}, ${users} and ${plural(readers.length, 'reader')}`;
  const where = passwords === undefined ? '' : `; passwords are in ${passwords}, a file for each user`;
  tell(flags, `${whom} provisioned on ${url.host}, vhost ${vhost}${where}`, {
    vhost,
    hosts: hosts.map(({ hostId }) => hostId),
    operators,
    readers,
  });
  return 0;
}

function tell({ json }: Flags, text: string, values: object): void {
  if (json === true) printJson(values);
  else print(`${text}\n`);
}

function namedHosts(ids: readonly string[], groups: readonly string[], command: Command): NamedHost[] {
  for (const [name, kind] of [
    ...ids.map((id) => [id, HostId] as const),
    ...groups.map((g) => [g, GroupName] as const),
  ]) {
    const read = kind.safeParse(name);
    if (!read.success) command.error(`error: ${name}: ${read.error.issues[0]?.message ?? 'is no name'}`);
  }
  return ids.map((hostId) => ({ hostId, groups }));
}

async function hostsInFile(path: string | undefined): Promise<NamedHost[]> {
  if (path === undefined) return [];
  const lines = (await readInputText(path)).split('\n');
  const problems: FileProblem[] = [];
  const hosts = lines.flatMap((line, index) => {
    const [hostId = '', groups = ''] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (hostId === '') return [];
    const named = groups.split(',').filter((group) => group !== '');
    for (const name of [hostId, ...named]) {
      const read = HostId.safeParse(name);
      if (!read.success)
        problems.push(new FileProblem(path, index + 1, `${name}: ${read.error.issues[0]?.message}`));
    }
    return [{ hostId, groups: named }];
  });
  if (problems.length > 0) throw new FileError(problems);
  return hosts;
}
