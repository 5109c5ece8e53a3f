import { Command, Option } from 'commander';
import { RolloutIsRun } from '../../../central/fleet/errors.ts';
import type { FleetClient } from '../../../central/fleet-client.ts';
import { type FleetFlags, Interrupted, withClient, withFleetOptions } from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { readDuration } from '../../options/read-values.ts';
import { readRolloutId } from '../../options/rollout-flags.ts';
import { RolloutReport } from '../../show/report-rollout.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { printAside, printJson } from '../../terminal/print.ts';
import { listRollouts } from './rollout-list.ts';
import { leftAlone, ROLLOUT_EXAMPLES, withStart } from './rollout-start.ts';

type Work = (id: string, flags: FleetFlags, client: FleetClient, signal: AbortSignal) => Promise<ExitStatus>;

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
      .action(async (id: string, flags: FleetFlags) =>
        end(await withClient(flags, async (client, signal) => await work(id, flags, client, signal))),
      );
    withExamples(command, [
      [example, `fleetwall rollout ${name} 2026-11-22-edge-4f1c2a`],
      [
        'signed in to the broker as an operator',
        `fleetwall rollout ${name} edge-7 --amqp-url amqps://ops@broker.example/fleet`,
      ],
    ]);
  };
  add(
    'resume',
    'go on with a rollout that was paused, or whose process is no more',
    resume,
    'go on, from anywhere, and without the key',
  );
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
  add('status', 'show how far a rollout is', tell, 'which hosts are done, and which are not begun');
  add(
    'pause',
    'begin no more steps of a rollout until it is resumed',
    ask('pause'),
    'finish the step that is under way, and wait',
  );
  add(
    'abort',
    'begin no more hosts of a rollout, and end it',
    ask('abort'),
    'end it; with --on-failure rollback it is taken back, too',
  );
  return withExamples(rollout, [
    ...ROLLOUT_EXAMPLES,
    ['all that a rollout can be told', 'fleetwall rollout start --help'],
  ]);
}

/** Asks whoever runs it. */
function ask(request: 'pause' | 'abort'): Work {
  return async (id, { json }, client, signal) => {
    if (request === 'pause') await client.pauseRollout(id, { signal });
    else await client.abortRollout(id, { signal });
    if (json === true) printJson({ rolloutId: id, asked: request });
    else printAside(`asked to ${request} rollout ${id}\n`);
    return 0;
  };
}

async function resume(
  id: string,
  flags: FleetFlags,
  client: FleetClient,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const found = await client.findRollout(id, { signal });
  const { isPaused } = found.state;
  await found.close();
  const report = new RolloutReport(flags.json === true, null);
  try {
    return report.end(await client.resumeRollout(id, { signal, onEvent: report.onEvent }));
  } catch (error) {
    if (error instanceof Interrupted) throw leftAlone(error, id);
    if (!(isPaused && error instanceof RolloutIsRun)) throw error;
    printAside(`rollout ${id} goes on, in the process that runs it\n`);
    return 0;
  }
}

async function tell(
  id: string,
  flags: FleetFlags,
  client: FleetClient,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const found = await client.findRollout(id, { signal });
  await found.close();
  const report = new RolloutReport(flags.json === true, null);
  return report.tell(found.state);
}
