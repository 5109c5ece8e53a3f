import { Command, InvalidArgumentError, Option } from 'commander';
import type { HostState } from '../../../central/fleet/fleet-state.ts';
import { inNaturalOrder } from '../../../central/fleet/names.ts';
import { escapeControl } from '../../../contract/escape.ts';
import { rememberFleet } from '../../completion/find-names.ts';
import {
  type AnswerFlags,
  type FleetFlags,
  withClient,
  withFleetOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { collect, readDuration } from '../../options/read-values.ts';
import { plural } from '../../show/plural.ts';
import { countEnds, tellCounts } from '../../show/show-answers.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint, paintEnd } from '../../terminal/paint.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';
import { layTable } from '../../terminal/table.ts';

type Flags = FleetFlags &
  AnswerFlags & {
    host: string[];
    group: string[];
    ruleset: string[];
    state: HostState['presence'][];
    drifted?: true;
    since: number;
  };

const MONTH = 30 * 86_400;

/** The fleet as a table. */
export function statusCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('status')
    .option('--host <id>', 'only this host; may be given several times', collect, [])
    .option('--group <name>', 'only hosts of this group; may be given several times', collect, [])
    .option('--ruleset <name>', 'only hosts that have this ruleset; may be given several times', collect, [])
    .addOption(
      new Option('--state <state>', 'only hosts that are so; may be given several times')
        .choices(STATES)
        .argParser(collectState)
        .default([], 'all'),
    )
    .option('--drifted', 'only hosts of which what is live is not what was committed')
    .addOption(
      new Option(
        '--since <duration>',
        'how far to look back in the log of events for hosts that do not answer now, such as 600s, 4h or 30d',
      )
        .argParser(readDuration)
        .default(MONTH, '30d'),
    );
  withTimeout(withFleetOptions(command), 'for hosts to say that they are there', 2).action(
    async (flags: Flags) => {
      const fleet = await withClient(flags, async (client, signal) => {
        const times = { lookBackMs: flags.since * 1000, answerMs: flags.timeout * 1000 };
        const found = await client.fleet({ ...times, signal });
        for (const key of client.unbelieved) printAside(`${tellUnbelieved(key)}\n`);
        return found;
      });
      await rememberFleet(flags, fleet.hosts.values());
      const hosts = [...fleet.hosts.values()]
        .filter((host) => isWanted(host, flags))
        .toSorted((a, b) => inNaturalOrder(a.hostId, b.hostId));
      if (flags.json === true) {
        for (const host of hosts) printJson(host);
      } else if (hosts.length === 0 && fleet.hosts.size > 0) print('no host is so\n');
      else print(showFleet(hosts));
      end(hosts.every(({ presence }) => presence === 'online') ? 0 : 4);
    },
  );
  return withExamples(command, [
    ['every host that answers, or was heard of in the last month', 'fleetwall status'],
    ['one group, and hosts that were there in the last day', 'fleetwall status --group web --since 1d'],
  ]);
}

function tellUnbelieved(key: string): string {
  return `events with the key ${key} are not what they say of themselves, and are passed over: see who may write as ${key.split('.')[0]} on the broker`;
}

const STATES: readonly string[] = ['online', 'offline', 'silent'];

function collectState(value: string, values: readonly string[] = []): string[] {
  if (!STATES.includes(value)) throw new InvalidArgumentError(`One of ${STATES.join(', ')}.`);
  return [...values, value];
}

function isWanted(host: HostState, { host: ids, group, ruleset, state, drifted }: Flags): boolean {
  const { hostId, groups, rulesets, presence } = host;
  const among = <T>(wanted: readonly T[], found: readonly T[]) =>
    wanted.length === 0 || found.some((one) => wanted.includes(one));
  return (
    among(ids, [hostId]) &&
    among(group, groups) &&
    among(
      ruleset,
      rulesets.map(({ name }) => name),
    ) &&
    among(state, [presence]) &&
    (drifted !== true || rulesets.some(({ inSync }) => inSync === false))
  );
}

/** `50 hosts: 47 online, 2 silent, 1 offline; 1 drifted` */
function summaryOf(hosts: readonly HostState[]): string {
  const counts = tellCounts(countEnds(hosts.map(({ presence }) => presence)));
  const drifted = hosts.filter(({ rulesets }) => rulesets.some(({ inSync }) => inSync === false)).length;
  return `${plural(hosts.length, 'host')}: ${counts}${drifted === 0 ? '' : `; ${drifted} drifted`}`;
}

function showFleet(hosts: readonly HostState[]): string {
  if (hosts.length === 0) return 'no host has been heard of; is a worker running? does it use this broker?\n';
  const heads = ['HOST', 'STATE', 'GROUPS', 'RULESETS', 'BACKEND', 'LAST SEEN'];
  const rows = hosts.map((host) => [
    host.hostId,
    paintEnd(host.presence),
    escapeControl(host.groups.join(',')) || '-',
    host.rulesets.map(describeRuleset).join(' ') || '-',
    escapeControl(`${host.worker.backend} ${host.worker.iptables}`),
    host.pending === null ? `${ago(host.lastSeen)} ago` : escapeControl(`waits for confirm ${host.pending}`),
  ]);
  const lines = layTable([heads.map(paint.bold), ...rows], { columns: process.stdout.columns });
  const drifted = hosts.some(({ rulesets }) => rulesets.some(({ inSync }) => inSync === false));
  const note = drifted ? ['! has drifted: what is live is not what was committed'] : [];
  return `${[summaryOf(hosts), ...lines, ...note].join('\n')}\n`;
}

function describeRuleset({ name, revision, inSync }: HostState['rulesets'][number]): string {
  return inSync === false ? paint.red(`${name}@${revision}!`) : `${name}@${revision}`;
}

const MINUTE = 60;
const HOUR = 3600;

function ago(time: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - time.getTime()) / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  return seconds < HOUR ? `${Math.round(seconds / MINUTE)} min` : `${Math.round(seconds / HOUR)} h`;
}
