import { Command, InvalidArgumentError, Option } from 'commander';
import type { HostState } from '../../../central/log/fleet-state.ts';
import { NobodyKnown } from '../../../central/messages/errors.ts';
import { inNaturalOrder } from '../../../central/messages/names.ts';
import { plural } from '../../../central/messages/plural.ts';
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
import { sayUnknown } from '../../show/say-unknown.ts';
import { nameHosts } from '../../show/show-answers.ts';
import { hasDrifted, highestOf, isBehind, isUnready, showFleet } from '../../show/show-fleet.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';

type Flags = FleetFlags &
  AnswerFlags & {
    host: string[];
    group: string[];
    ruleset: string[];
    state: HostState['presence'][];
    drifted?: true;
    unready?: true;
    behind?: true;
    wide?: true;
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
    .option('--unready', 'only hosts that are online, and would fail the jobs that they are sent')
    .option(
      '--behind',
      'only hosts with a lower revision of a ruleset than another of those that would be shown without this',
    )
    .option('--wide', 'show all that is known of each host, and cut nothing to the width of the terminal')
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
      const wanted = [...fleet.hosts.values()].filter((host) => isWanted(host, flags));
      const highest = highestOf(wanted, flags.ruleset);
      const hosts = wanted
        .filter((host) => flags.behind !== true || isBehind(host, highest))
        .toSorted((a, b) => inNaturalOrder(a.hostId, b.hostId));
      const unknown = sayUnknown(
        { hosts: flags.host, groups: flags.group, rulesets: flags.ruleset },
        fleet.hosts,
      );
      if (unknown.length > 0 && wanted.length === 0) throw new NobodyKnown(unknown.join('\n'));
      for (const line of unknown) printAside(`${line}\n`);
      tellUnasked(hosts.filter(({ hostId }) => fleet.unasked.has(hostId)));
      tellUnanswering(hosts.filter(({ hostId }) => fleet.unanswering.has(hostId)));
      if (flags.json === true) {
        for (const host of hosts) printJson(host);
      } else if (fleet.hosts.size === 0) print(NOBODY);
      else if (hosts.length === 0)
        print(`none of the ${plural(fleet.hosts.size, 'host')} of this fleet matches\n`);
      else print(showFleet(hosts, highest, flags.wide === true ? 'wide' : process.stdout.columns));
      end(
        unknown.length === 0 && hosts.every((host) => host.presence === 'online' && !isUnready(host)) ? 0 : 4,
      );
    },
  );
  return withExamples(command, [
    ['every host that answers, or was heard of in the last month', 'fleetwall status'],
    [
      'which hosts have not got what others have, and all that is known of them',
      'fleetwall status --behind --wide',
    ],
    ['one group, and hosts that were there in the last day', 'fleetwall status --group web --since 1d'],
  ]);
}

const NOBODY = 'no host has been heard of; is a worker running? does it use this broker?\n';

/** They count as online: who beats is there. */
function tellUnasked(hosts: readonly HostState[]): void {
  if (hosts.length === 0) return;
  const beat = hosts.length === 1 ? 'beats, but has not answered' : 'beat, but have not answered';
  const names = nameHosts(hosts.map(({ hostId }) => hostId));
  printAside(
    `${names} ${beat}: a host that trusts keys takes no question that none of them has signed (--key); else its worker hangs\n`,
  );
}

function tellUnanswering(hosts: readonly HostState[]): void {
  if (hosts.length === 0) return;
  const [first] = hosts.toSorted((one, other) => other.lastSeen.getTime() - one.lastSeen.getTime());
  const ago = Math.max(0, Math.round((Date.now() - (first?.lastSeen.getTime() ?? 0)) / 1000));
  const names = nameHosts(hosts.map(({ hostId }) => hostId));
  printAside(
    `${names} ${hosts.length === 1 ? 'has' : 'have'} not answered (last heard of ${ago} s ago), but the broker still counts ${hosts.length === 1 ? 'its worker' : 'their workers'}: it hangs or is cut off, or none of the keys that signed is trusted there\n`,
  );
}

function tellUnbelieved(key: string): string {
  return `events with the key ${key} are not what they say of themselves, and are passed over: see who may write as ${key.split('.')[0]} on the broker`;
}

const STATES: readonly string[] = ['online', 'offline', 'silent'];

function collectState(value: string, values: readonly string[] = []): string[] {
  if (!STATES.includes(value)) throw new InvalidArgumentError(`One of ${STATES.join(', ')}.`);
  return [...values, value];
}

function isWanted(host: HostState, { host: ids, group, ruleset, state, drifted, unready }: Flags): boolean {
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
    (drifted !== true || hasDrifted(host)) &&
    (unready !== true || isUnready(host))
  );
}
