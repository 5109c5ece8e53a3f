import { Command, InvalidArgumentError, Option } from 'commander';
import { isFleetEvent } from '../../central/fleet/incoming.ts';
import type { StreamStart } from '../../central/fleet-client.ts';
import type { FleetEvent } from '../../contract/event.ts';
import type { RolloutEvent } from '../../contract/rollout.ts';
import {
  type FleetFlags,
  Interrupted,
  readSeconds,
  withClient,
  withFleetOptions,
} from '../options/fleet-options.ts';
import { describeEvent } from '../show/describe-event.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';

type Flags = FleetFlags & {
  host: string[];
  group: string[];
  outcome: string[];
  ruleset: string[];
  rollout: string[];
  heartbeats?: true;
  since?: StreamStart;
  for?: number;
};

/** Events as they come. */
export function watchCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('watch')
    .option('--host <id>', 'only of this host; repeatable', collect, [])
    .option('--group <name>', 'only of hosts of this group; repeatable', collect, [])
    .option('--outcome <outcome>', 'only jobs that ended so; repeatable', collect, [])
    .option('--ruleset <name>', 'only of this ruleset; repeatable', collect, [])
    .option('--rollout <id>', 'only of this rollout; repeatable', collect, [])
    .option('--heartbeats', 'and the heartbeats of workers, which --json always has')
    .addOption(
      new Option('--since <when>', 'from there on: a time, so many seconds ago, or first').argParser(
        readStart,
      ),
    );
  command.addOption(new Option('--for <seconds>', 'and no longer').argParser(readSeconds));
  return withFleetOptions(command).action(async (flags: Flags) => {
    await withClient(flags, async (client, interrupted) => {
      const over = flags.for === undefined ? [] : [AbortSignal.timeout(flags.for * 1000)];
      const signal = AbortSignal.any([interrupted, ...over]);
      const members = new Set<string>();
      if (flags.group.length > 0) {
        const { hosts } = await client.fleet({ signal });
        for (const { hostId, groups } of hosts.values()) {
          if (groups.some((group) => flags.group.includes(group))) members.add(hostId);
        }
      }
      for await (const event of client.events({ from: flags.since ?? 'next', signal })) {
        learnGroup(event, flags, members);
        if (!isWanted(event, flags, members) || isNoise(event, flags)) continue;
        process.stdout.write(`${flags.json === true ? JSON.stringify(event) : describeEvent(event)}\n`);
      }
    }).catch((error: unknown) => {
      // That is how it ends.
      if (!(error instanceof Interrupted)) throw error;
    });
    end(0);
  });
}

/** A person wants to see what happens: that nothing does is no news. */
function isNoise(event: FleetEvent | RolloutEvent, { json, heartbeats }: Flags): boolean {
  return json !== true && heartbeats !== true && event.type === 'fleetwall.worker.heartbeat';
}

function learnGroup(event: FleetEvent | RolloutEvent, { group }: Flags, members: Set<string>): void {
  if (!isFleetEvent(event) || !('groups' in event.data)) return;
  const { hostId, groups } = event.data;
  if (groups.some((name) => group.includes(name))) members.add(hostId);
  else members.delete(hostId);
}

function isWanted(event: FleetEvent | RolloutEvent, flags: Flags, members: ReadonlySet<string>): boolean {
  const { host, group, outcome, ruleset, rollout } = flags;
  const { data } = event;
  const among = (wanted: readonly string[], found: string | null | undefined) =>
    wanted.length === 0 || (found != null && wanted.includes(found));
  const hostId = 'hostId' in data ? data.hostId : null;
  return (
    among(host, hostId) &&
    (group.length === 0 || (hostId !== null && members.has(hostId))) &&
    among(outcome, 'outcome' in data ? data.outcome : null) &&
    among(ruleset, 'ruleset' in data ? data.ruleset?.name : null) &&
    among(rollout, 'rolloutId' in data ? data.rolloutId : null)
  );
}

function readStart(text: string): StreamStart {
  if (text === 'first') return 'first';
  const ago = /^\d+$/.test(text) ? Date.now() - Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(ago))
    throw new InvalidArgumentError('A time such as 2026-11-22T10:00:00Z, a number of seconds, or first.');
  return { since: new Date(ago) };
}

function collect(value: string, values: string[]): string[] {
  return [...values, value];
}
