import { Command, InvalidArgumentError, Option } from 'commander';
import type { StreamStart } from '../../../central/ask/options.ts';
import { isFleetEvent } from '../../../central/log/event-reader.ts';
import { suggestion } from '../../../central/messages/names.ts';
import { type FleetEvent, Outcome } from '../../../contract/events/event.ts';
import type { RolloutEvent } from '../../../contract/rollouts/rollout-events.ts';
import { RecentIds } from '../../../job/ports/recent-ids.ts';
import {
  type AnswerFlags,
  type FleetFlags,
  Interrupted,
  withClient,
  withFleetOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { collect, collectName, readDuration, readSeconds } from '../../options/read-values.ts';
import { describeEvent } from '../../show/describe-event.ts';
import { sayUnknown } from '../../show/say-unknown.ts';
import { tellUnknown } from '../../show/tell-unheard.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';

type Flags = FleetFlags &
  AnswerFlags & {
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
    .option('--host <id>', 'only events of this host; may be given several times', collectName, [])
    .option(
      '--group <name>',
      'only events of hosts of this group; may be given several times',
      collectName,
      [],
    )
    .option(
      '--outcome <outcome>',
      'only the ends of jobs with this outcome, such as failed; may be given several times',
      collectOutcome,
      [],
    )
    .option('--ruleset <name>', 'only events of this ruleset; may be given several times', collect, [])
    .option('--rollout <id>', 'only events of this rollout; may be given several times', collect, [])
    .option('--heartbeats', 'show the heartbeats of workers, too; with --json they are always there')
    .addOption(
      new Option(
        '--since <when>',
        'where to begin in the log of events: a time, how long ago, such as 600s, 4h or 30d, or first',
      )
        .argParser(readStart)
        .default(undefined, 'now'),
    )
    .addOption(
      new Option('--for <seconds>', 'how many seconds to watch, once what was in the log is shown')
        .argParser(readSeconds)
        .default(undefined, 'until it is interrupted'),
    );
  withTimeout(withFleetOptions(command), 'with --group, for hosts to say of which they are', 2).action(
    async (flags: Flags) => {
      await withClient(flags, async (client, interrupted) => {
        const limit = new WatchLimit(flags.for);
        const signal = AbortSignal.any([interrupted, limit.signal]);
        const members = new Set<string>();
        if (flags.host.length > 0) void tellUnknown(flags.host, client, signal).catch(() => {});
        if (flags.group.length > 0) {
          const { hosts } = await client.fleet({ answerMs: flags.timeout * 1000, signal });
          for (const line of sayUnknown({ groups: flags.group }, hosts)) printAside(`${line}\n`);
          for (const { hostId, groups } of hosts.values()) {
            if (groups.some((group) => flags.group.includes(group))) members.add(hostId);
          }
        }
        const told = new RecentIds();
        for await (const event of client.events({ from: flags.since ?? 'next', signal })) {
          limit.take(event);
          learnGroup(event, flags, members);
          // The same event again, as a host publishes it until it is confirmed, and over each address of its broker as a probe.
          if (!told.add(event.id)) continue;
          if (!isWanted(event, flags, members) || isNoise(event, flags)) continue;
          if (flags.json === true) printJson(event);
          else print(`${describeEvent(event)}\n`);
        }
      }).catch((error: unknown) => {
        // That is how it ends.
        if (!(error instanceof Interrupted || isTimeUp(error))) throw error;
      });
      end(0);
    },
  );
  return withExamples(command, [
    ['everything, as it comes', 'fleetwall watch'],
    [
      'which jobs failed since this morning',
      'fleetwall watch --since 2026-11-22T06:00:00Z --for 5 --outcome failed',
    ],
    ['one group for a program, from an hour ago on', 'fleetwall watch --group web --since 1h --json'],
  ]);
}

/** The time of `--for`: what the log had before does not use it up, however long it takes to read. */
class WatchLimit {
  readonly #began = Date.now();
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout | null;

  constructor(seconds: number | undefined) {
    const end = () => this.#over.abort(new DOMException('the time to watch is up', 'TimeoutError'));
    this.#timer = seconds === undefined ? null : setTimeout(end, seconds * 1000).unref();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  take({ time }: { time: string }): void {
    if (Date.parse(time) < this.#began) this.#timer?.refresh();
  }
}

/** Of `--for`, which may be over before the first event is heard. */
function isTimeUp(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

function collectOutcome(value: string, values: readonly string[] = []): string[] {
  const { options } = Outcome;
  if (!options.some((outcome) => outcome === value))
    throw new InvalidArgumentError(
      `There is no such outcome${suggestion(value, options) || `; there are ${options.join(', ')}`}`,
    );
  return [...values, value];
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
  if (/^\d+[smhd]?$/.test(text)) return { since: new Date(Date.now() - readDuration(text) * 1000) };
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('A time such as 2026-11-22T10:00:00Z or 4h (ago), or first.');
  return { since: new Date(time) };
}
