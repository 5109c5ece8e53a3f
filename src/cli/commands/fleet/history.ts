import { Command, Option } from 'commander';
import type { FleetClient } from '../../../central/fleet-client.ts';
import { isFleetEvent } from '../../../central/log/event-reader.ts';
import { NobodyKnown } from '../../../central/messages/errors.ts';
import type { FleetEvent } from '../../../contract/events/event.ts';
import { type FleetFlags, withClient, withFleetOptions } from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { readDuration } from '../../options/read-values.ts';
import { describeEvent } from '../../show/describe-event.ts';
import { sayUnknown } from '../../show/say-unknown.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';

type Flags = FleetFlags & { since: number };

const TOLD = new Set<FleetEvent['type']>([
  'fleetwall.job.completed',
  'fleetwall.job.undone',
  'fleetwall.ruleset.ended',
  'fleetwall.drift.detected',
  'fleetwall.drift.repaired',
]);
const WEEK = 7 * 86_400;

/** What has become of rulesets, as the event log has it. */
export function historyCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('history')
    .argument('[host]', 'only what happened on this host')
    .argument('[ruleset]', 'only what happened to this ruleset')
    .addOption(
      new Option('--since <duration>', 'how far to look back in the log of events, such as 90s, 4h or 30d')
        .argParser(readDuration)
        .default(WEEK, '7d'),
    );
  withFleetOptions(command).action(
    async (host: string | undefined, ruleset: string | undefined, flags: Flags) => {
      let count = 0;
      // An event that is published again is the same.
      const told = new Set<string>();
      await withClient(flags, async (client, signal) => {
        const since = new Date(Date.now() - flags.since * 1000);
        for await (const event of client.past({ since, signal })) {
          if (!isFleetEvent(event) || !isTold(event, host, ruleset)) continue;
          const name = `${event.source} ${event.id}`;
          if (told.has(name)) continue;
          told.add(name);
          count += 1;
          if (flags.json === true) printJson(event);
          else print(`${describeEvent(event)}\n`);
        }
        if (count === 0) await assertHeardOf(host, ruleset, client, signal);
      });
      if (count === 0) printAside('nothing in that time; look further back with --since\n');
      end(0);
    },
  );
  return withExamples(command, [
    ['the fleet in the last week', 'fleetwall history'],
    ['one ruleset on one host, in a month', 'fleetwall history web-1 edge --since 30d'],
  ]);
}

/** Looking further back does not help with a name that is misspelt. @throws {NobodyKnown} */
async function assertHeardOf(
  host: string | undefined,
  ruleset: string | undefined,
  client: FleetClient,
  signal: AbortSignal,
): Promise<void> {
  const named = {
    hosts: host === undefined ? [] : [host],
    rulesets: ruleset === undefined ? [] : [ruleset],
  };
  if (host === undefined && ruleset === undefined) return;
  const unknown = sayUnknown(named, (await client.fleet({ signal })).hosts);
  if (unknown.length > 0) throw new NobodyKnown(unknown.join('\n'));
}

function isTold(event: FleetEvent, host: string | undefined, ruleset: string | undefined): boolean {
  const { data } = event;
  if (!TOLD.has(event.type) || (host !== undefined && data.hostId !== host)) return false;
  if ('action' in data && (data.action === 'report' || data.action === 'check')) return false;
  return ruleset === undefined || ('ruleset' in data && data.ruleset?.name === ruleset);
}
