import { Command, InvalidArgumentError, Option } from 'commander';
import { RolloutIsRun } from '../../central/fleet/errors.ts';
import { hostsOf, lookOnce } from '../../central/fleet/select.ts';
import type { FleetClient, RolloutPlan } from '../../central/fleet-client.ts';
import { type Amount, budgetsOf, layOutSteps, readAmount } from '../../central/rollout/rollout-steps.ts';
import { RolloutId } from '../../contract/rollout.ts';
import { readRulesetFile } from '../files/ruleset-file.ts';
import { askFirst } from '../options/ask-first.ts';
import {
  type FleetFlags,
  readSeconds,
  type SelectionFlags,
  selectionOf,
  withClient,
  withFleetOptions,
  withSelectionOptions,
} from '../options/fleet-options.ts';
import { RolloutReport } from '../show/report-rollout.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import {
  type ConfirmFlags,
  confirmOf,
  type RulesetFlags,
  withConfirmOptions,
  withRulesetOptions,
} from './push.ts';

type StartFlags = FleetFlags &
  SelectionFlags &
  RulesetFlags &
  ConfirmFlags & {
    id?: string;
    steps: Amount[];
    soak: number;
    maxFailed: Amount;
    maxRolledBack: Amount;
    maxSilent: Amount;
    onFailure: 'stop' | 'rollback' | 'continue';
    executionTimeout?: number;
  };
type End = (status: ExitStatus) => void;

/** A ruleset to many hosts, step by step. */
export function rolloutCommand(end: End): Command {
  const rollout = new Command('rollout').exitOverride();
  const none: Amount = { count: 0 };
  const budget = (flag: string, what: string) =>
    new Option(`${flag} <amount>`, `hosts, or a part of them, that may ${what} (default: 0)`)
      .argParser(amount)
      .default(none, '0');
  const start = rollout
    .command('start', { isDefault: true })
    .description('begin one, and run it to its end (start need not be said)')
    .option('--id <id>', 'its name (default: of the date and the ruleset)', readId)
    .addOption(
      new Option('--steps <list>', 'how many hosts have been begun after each step')
        .argParser(amounts)
        .default([{ percent: 100 }], '100%'),
    )
    .addOption(new Option('--soak <seconds>', 'to wait after each step').argParser(readSoak).default(0))
    .addOption(budget('--max-failed', 'fail, be rejected or expire'))
    .addOption(budget('--max-rolled-back', 'be rolled back'))
    .addOption(budget('--max-silent', 'not answer'))
    .addOption(
      new Option('--on-failure <what>', 'rollback takes back what was done, the newest first')
        .choices(['stop', 'rollback', 'continue'])
        .default('stop'),
    )
    .addOption(
      new Option('--execution-timeout <seconds>', 'to end, once started (default: as --timeout)').argParser(
        readSeconds,
      ),
    );
  withConfirmOptions(withRulesetOptions(withSelectionOptions(withFleetOptions(start)))).action(
    async (path: string, flags: StartFlags, self: Command) => end(await begin(path, flags, self)),
  );
  withFleetOptions(
    rollout.command('resume').description('go on with one that was paused, or whose process is no more'),
  )
    .argument('<id>', 'its name', readId)
    .action(async (id: string, flags: FleetFlags) =>
      end(await withClient(flags, (client, signal) => resume(id, flags, client, signal))),
    );
  withFleetOptions(rollout.command('status').description('where one is'))
    .argument('<id>', 'its name', readId)
    .action(async (id: string, flags: FleetFlags) =>
      end(await withClient(flags, (client, signal) => tell(id, flags, client, signal))),
    );
  for (const request of ['pause', 'abort'] as const) {
    const what =
      request === 'pause' ? 'begin no more steps, until it is resumed' : 'begin no more hosts, and end it';
    withFleetOptions(rollout.command(request).description(what))
      .argument('<id>', 'its name', readId)
      .action(async (id: string, flags: FleetFlags) => {
        await withClient(flags, async (client, signal) => {
          if (request === 'pause') await client.pauseRollout(id, { signal });
          else await client.abortRollout(id, { signal });
        });
        process.stderr.write(`asked to ${request} rollout ${id}\n`);
        end(0);
      });
  }
  return rollout;
}

async function begin(path: string, flags: StartFlags, self: Command): Promise<ExitStatus> {
  const whom = selectionOf(flags, self);
  const file = await readRulesetFile(path, flags);
  const revision = flags.revision ?? file.ruleset.revision ?? 'next';
  return await withClient<ExitStatus>(flags, async (client, signal) => {
    // What is looked at is what is done: who comes to the fleet meanwhile is not in it.
    const hosts = await hostsOf(lookOnce(client, signal), whom);
    const look = tellPlan(flags, hosts.length);
    if (!(await askFirst(`roll out ruleset ${file.ruleset.name}`, hosts, flags, self, look))) return 1;
    const plan: RolloutPlan = {
      ruleset: { ...file.ruleset, revision },
      whom: { hosts },
      id: flags.id,
      steps: flags.steps,
      soakSeconds: flags.soak,
      budgets: { failed: flags.maxFailed, rolledBack: flags.maxRolledBack, silent: flags.maxSilent },
      onFailure: flags.onFailure,
      confirm: confirmOf(flags),
      deliverySeconds: flags.timeout,
      executionSeconds: flags.executionTimeout ?? flags.timeout,
    };
    const report = new RolloutReport(flags.json === true, file);
    return report.end(await client.rollout(plan, { signal, onEvent: report.onEvent }));
  });
}

async function resume(
  id: string,
  flags: FleetFlags,
  client: FleetClient,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const log = await client.findRollout(id, { signal });
  const { isPaused } = log.state;
  if (isPaused) await log.say('fleetwall.rollout.requested', { rolloutId: id, request: 'resume' });
  await log.close();
  const report = new RolloutReport(flags.json === true, null);
  try {
    return report.end(await client.resumeRollout(id, { signal, onEvent: report.onEvent }));
  } catch (error) {
    if (!(isPaused && error instanceof RolloutIsRun)) throw error;
    process.stderr.write(`rollout ${id} goes on, in the process that runs it\n`);
    return 0;
  }
}

async function tell(
  id: string,
  flags: FleetFlags,
  client: FleetClient,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const log = await client.findRollout(id, { signal });
  await log.close();
  const report = new RolloutReport(flags.json === true, null);
  return report.tell(log.state);
}

function amount(text: string): Amount {
  const read = readAmount(text);
  if (read === null) throw new InvalidArgumentError('A number of hosts, or a part such as 5%.');
  return read;
}

function amounts(text: string): Amount[] {
  return text.split(',').map(amount);
}

/** What a person has a look at before it is begun. */
function tellPlan(
  { steps, soak, maxFailed, maxRolledBack, maxSilent, onFailure }: StartFlags,
  hosts: number,
): string[] {
  const counts = layOutSteps(steps, hosts) ?? [];
  const wait = soak === 0 ? '' : `, ${soak} s apart`;
  const { failed, rolledBack, silent } = budgetsOf(
    { failed: maxFailed, rolledBack: maxRolledBack, silent: maxSilent },
    hosts,
  );
  return [
    `steps: to ${counts.join(', ')} of ${hosts} hosts${wait}`,
    `limits: ${failed} may fail, ${rolledBack} be rolled back, ${silent} be silent; beyond that ${ON_FAILURE[onFailure]}`,
  ];
}

const ON_FAILURE: Record<StartFlags['onFailure'], string> = {
  stop: 'it stops',
  rollback: 'it stops and is taken back',
  continue: 'it goes on all the same',
};

function readId(text: string): string {
  const read = RolloutId.safeParse(text);
  if (!read.success) throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is no name'}.`);
  return text;
}

function readSoak(text: string): number {
  return text === '0' ? 0 : readSeconds(text);
}
