import { Command, Option } from 'commander';
import type { FleetClient } from '../../../central/fleet-client.ts';
import { RolloutIsRun } from '../../../central/messages/errors.ts';
import { type FleetFlags, Interrupted, withClient, withFleetOptions } from '../../options/fleet-options.ts';
import { type GatesFlags, gatesAgain, withGatesOption } from '../../options/gates-option.ts';
import { withExamples } from '../../options/help.ts';
import { readDuration } from '../../options/read-values.ts';
import { readRolloutId } from '../../options/rollout-flags.ts';
import { statusOfRollout } from '../../show/report-answers.ts';
import { RolloutReport } from '../../show/report-rollout.ts';
import { showRollout, tellRollout } from '../../show/tell-rollout.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';
import { listRollouts } from './rollout-list.ts';
import { ROLLOUT_EXAMPLES, untilInterrupted, withStart } from './rollout-start.ts';

type Flags = FleetFlags & GatesFlags;
type Work = (id: string, flags: Flags, client: FleetClient, signal: AbortSignal) => Promise<ExitStatus>;

/** A ruleset to many hosts, step by step. */
export function rolloutCommand(end: (status: ExitStatus) => void): Command {
  const rollout = new Command('rollout').exitOverride();
  const start = rollout
    .command('start', { isDefault: true })
    .description('begin a rollout, and run it to its end (the word start may be left out)');
  withStart(start, end);
  const add = (name: string, description: string, work: Work, example: string) => {
    const command = withFleetOptions(rollout.command(name).description(description))
      .argument('<id>', 'the name of the rollout', readRolloutId)
      // It waits as long as the rollout itself says; the flag has always been taken here.
      .addOption(new Option('--timeout <seconds>', 'has no effect here').hideHelp())
      .action(async (id: string, flags: Flags) =>
        end(await withClient(flags, async (client, signal) => await work(id, flags, client, signal))),
      );
    return withExamples(command, [
      [example, `fleetwall rollout ${name} 2026-11-22-edge-4f1c2a`],
      [
        'signed in to the broker as an operator',
        `fleetwall rollout ${name} edge-7 --amqp-url amqps://ops@broker.example/fleet`,
      ],
    ]);
  };
  const resumed = add(
    'resume',
    'go on with a rollout that was paused, or whose process is no more',
    resume,
    'go on, from anywhere, and without the key',
  );
  withGatesOption(resumed);
  const list = withFleetOptions(
    rollout.command('list').description('show the rollouts of the last time, the newest last'),
  ).addOption(
    new Option('--since <duration>', 'how far to look back in the log of events, such as 4h or 30d')
      .argParser(readDuration)
      .default(30 * 86_400, '30d'),
  );
  list.action(async (flags: FleetFlags & { since: number }) => end(await listRollouts(flags)));
  withExamples(list, [
    ['which there were in the last month', 'fleetwall rollout list'],
    ['of today, for a program', 'fleetwall rollout list --since 1d --json'],
  ]);
  add(
    'status',
    'show how far a rollout is, what has failed and why, who runs it, and what to type next',
    tell,
    'which hosts are done, and why it has stopped',
  );
  add(
    'pause',
    'begin no more steps of a rollout until it is resumed',
    pause,
    'finish the step that is under way, and wait',
  );
  add(
    'abort',
    'begin no more hosts of a rollout, and end it',
    abort,
    'end it; with --on-failure rollback it is taken back, too',
  );
  return withExamples(rollout, [
    ...ROLLOUT_EXAMPLES.slice(0, 1),
    ['each event as JSON, for a program', 'fleetwall rollout edge.yaml --all --yes --json'],
    ['all that a rollout can be told', 'fleetwall rollout start --help'],
  ]);
}

const pause: Work = async (id, flags, client, signal) => {
  const isRun = await client.pauseRollout(id, { signal });
  if (flags.json === true) printJson({ rolloutId: id, request: 'pause', isRun });
  const who = isRun ? 'it begins no more steps' : 'nobody runs it now: it begins no more hosts';
  printAside(`asked to pause rollout ${id}; ${who} until somebody goes on: fleetwall rollout resume ${id}\n`);
  return 0;
};

const abort: Work = async (id, flags, client, signal) => {
  const report = new RolloutReport(flags.json === true, null);
  try {
    report.end(await client.abortRollout(id, { signal, onEvent: report.onEvent }));
    return report.statusOfTakingBack;
  } catch (error) {
    if (!(error instanceof Interrupted) || report.rolloutId === null) throw error;
    throw new Interrupted(
      error.signal,
      `rollout ${id} was asked to end, and begins no more hosts; to see to its end: fleetwall rollout abort ${id}`,
    );
  }
};

async function resume(
  id: string,
  flags: Flags,
  client: FleetClient,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const found = await client.findRollout(id, { signal });
  const { isPaused, record } = found.state;
  await found.close();
  const report = new RolloutReport(flags.json === true, null, found.state);
  return await untilInterrupted(report, flags, async () => {
    try {
      const gates = await gatesAgain(flags, record.gates);
      return report.end(await client.resumeRollout(id, { signal, onEvent: report.onEvent, gates }));
    } catch (error) {
      if (!(isPaused && error instanceof RolloutIsRun)) throw error;
      printAside(`rollout ${id} goes on, in the process that runs it\n`);
      return 0;
    }
  });
}

async function tell(id: string, flags: Flags, client: FleetClient, signal: AbortSignal): Promise<ExitStatus> {
  const found = await client.findRollout(id, { signal });
  await found.close();
  const { state } = found;
  const told = tellRollout(state, state.ended === null && (await client.isRolloutRun(id)));
  if (flags.json === true) printJson(told);
  else print(`${showRollout(told, state).join('\n')}\n`);
  return state.ended === null ? 0 : statusOfRollout(state.ended);
}
