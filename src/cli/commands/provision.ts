import { Command, Option } from 'commander';
import { describeFleet, type NamedHost, provisionFleet, removeHosts } from '../../central/provision.ts';
import { GroupName, HostId } from '../../contract/identifiers.ts';
import { FileError, FileProblem } from '../files/file-error.ts';
import { readInput } from '../files/read-input.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';

interface Flags {
  hosts?: string;
  group: string[];
  operator: string[];
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
  return new Command('provision')
    .argument('[hosts...]', 'ids of hosts')
    .option(
      '--hosts <file>',
      'a line for each host: its id, and its groups with commas between; - is standard input',
    )
    .option('--group <name>', 'a group of the hosts given as arguments; repeatable', collect, [])
    .option('--operator <name>', 'a user who may send jobs and hear events; repeatable', collect, [])
    .option('--vhost <name>', 'the virtual host', '/')
    .addOption(
      new Option('--queue-type <type>', 'of the queues of jobs')
        .choices(['quorum', 'classic'])
        .default('quorum'),
    )
    .option('--passwords <folder>', 'where passwords are put, a file each; those that are there stay')
    .option('--certificates', 'users log in by a certificate whose common name is their own (SASL EXTERNAL)')
    .option('--definitions', "print RabbitMQ definitions, and don't talk to a broker")
    .option('--remove', 'take the hosts away: users, queues and what is in them')
    .addOption(
      new Option('--management-url <url>', "the broker's management API, with an administrator's log-in")
        .env('FLEETWALL_MANAGEMENT_URL')
        .default('http://guest:guest@127.0.0.1:15672'),
    )
    .option('--json', 'print one JSON object')
    .action(async (ids: string[], flags: Flags, command: Command) => {
      const hosts = [...namedHosts(ids, flags.group, command), ...(await hostsInFile(flags.hosts))];
      end(await provision(hosts, flags, command));
    });
}

async function provision(hosts: NamedHost[], flags: Flags, command: Command): Promise<ExitStatus> {
  const { vhost, queueType, operator: operators, passwords, certificates } = flags;
  if (!URL.canParse(flags.managementUrl)) command.error('error: --management-url is no URL');
  const url = new URL(flags.managementUrl);
  const count = `${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`;
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
  const fleet = { vhost, queueType, hosts, operators, passwordFolder: passwords ?? null };
  if (flags.definitions === true) {
    process.stdout.write(`${JSON.stringify(await describeFleet(fleet), null, 2)}\n`);
    return 0;
  }
  await provisionFleet(fleet, url);
  const where = passwords === undefined ? '' : `; passwords are in ${passwords}, a file for each user`;
  tell(
    flags,
    `${count} and ${operators.length} operators provisioned on ${url.host}, vhost ${vhost}${where}`,
    {
      vhost,
      hosts: hosts.map(({ hostId }) => hostId),
      operators,
    },
  );
  return 0;
}

function tell({ json }: Flags, text: string, values: object): void {
  process.stdout.write(`${json === true ? JSON.stringify(values) : text}\n`);
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
  const lines = (await readInput(path)).toString('utf8').split('\n');
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

function collect(value: string, values: string[]): string[] {
  return [...values, value];
}
