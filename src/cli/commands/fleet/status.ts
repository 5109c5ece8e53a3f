import { Command, Option } from 'commander';
import type { HostState } from '../../../central/fleet/fleet-state.ts';
import { inNaturalOrder } from '../../../central/fleet/names.ts';
import { escapeControl } from '../../../contract/escape.ts';
import {
  type AnswerFlags,
  type FleetFlags,
  withClient,
  withFleetOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { collect, readDuration } from '../../options/read-values.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint, paintEnd } from '../../terminal/paint.ts';
import { print, printJson } from '../../terminal/print.ts';
import { layTable } from '../../terminal/table.ts';

type Flags = FleetFlags & AnswerFlags & { group: string[]; since: number };

const MONTH = 30 * 86_400;

/** The fleet as a table. */
export function statusCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('status')
    .option('--group <name>', 'only hosts of this group; may be given several times', collect, [])
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
      const fleet = await withClient(
        flags,
        async (client, signal) =>
          await client.fleet({ lookBackMs: flags.since * 1000, answerMs: flags.timeout * 1000, signal }),
      );
      const hosts = [...fleet.hosts.values()]
        .filter(
          ({ groups }) => flags.group.length === 0 || groups.some((group) => flags.group.includes(group)),
        )
        .toSorted((a, b) => inNaturalOrder(a.hostId, b.hostId));
      if (flags.json === true) {
        for (const host of hosts) printJson(host);
      } else print(showFleet(hosts));
      end(hosts.every(({ presence }) => presence === 'online') ? 0 : 4);
    },
  );
  return withExamples(command, [
    ['every host that answers, or was heard of in the last month', 'fleetwall status'],
    ['one group, and hosts that were there in the last day', 'fleetwall status --group web --since 1d'],
  ]);
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
  return `${[...lines, ...note].join('\n')}\n`;
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
