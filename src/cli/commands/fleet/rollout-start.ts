import type { Command } from 'commander';
import { hostsOf, lookOnce } from '../../../central/ask/select.ts';
import { revisionFor } from '../../../central/fleet/next-revision.ts';
import { PlanError } from '../../../central/messages/errors.ts';
import type { RolloutPlan } from '../../../central/rollout/rollout-options.ts';
import { readRulesetFile } from '../../files/ruleset-file.ts';
import { asCareful, gatesOfEarlier } from '../../options/as-careful.ts';
import { askFirst } from '../../options/ask-first.ts';
import { type BeginFlags, untilItMayBegin, withBeginOptions } from '../../options/begin-options.ts';
import {
  CONFIRMED_BY_HOSTS,
  type ConfirmFlags,
  confirmOf,
  withConfirmOptions,
} from '../../options/confirm-options.ts';
import {
  type AnswerFlags,
  type ExpiryFlags,
  type FleetFlags,
  Interrupted,
  type SelectionFlags,
  selectionOf,
  withClient,
  withExpiry,
  withFleetOptions,
  withSelectionOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { type GatesFlags, gatesOf, withGatesOption } from '../../options/gates-option.ts';
import { withExamples } from '../../options/help.ts';
import { hostsToRetry, isNextOf, revisionToRetry } from '../../options/retry-failed.ts';
import { type RolloutFlags, tellPlan, withRolloutOptions } from '../../options/rollout-flags.ts';
import {
  ifRevisionOption,
  nextRevisionOption,
  type RulesetFlags,
  rulesetToSend,
  withRulesetOptions,
} from '../../options/ruleset-options.ts';
import { RolloutReport } from '../../show/report-rollout.ts';
import { showNotes, tellNotes } from '../../show/show-notes.ts';
import { hostsByStep, showSteps } from '../../show/show-steps.ts';
import { troublesOf } from '../../show/tell-troubles.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';

type Flags = FleetFlags &
  AnswerFlags &
  ExpiryFlags &
  SelectionFlags &
  RulesetFlags<number | 'next'> &
  ConfirmFlags &
  GatesFlags &
  BeginFlags &
  RolloutFlags;

/** A rollout from its beginning to its end. */
export function withStart(command: Command, end: (status: ExitStatus) => void): Command {
  withTimeout(withFleetOptions(command), 'for a host to begin the job');
  withRulesetOptions(withExpiry(command), nextRevisionOption());
  command.addOption(ifRevisionOption());
  withConfirmOptions(withSelectionOptions(withRolloutOptions(command)), CONFIRMED_BY_HOSTS);
  withBeginOptions(withGatesOption(command));
  command.action(async (path: string, flags: Flags, self: Command) => end(await begin(path, flags, self)));
  return withExamples(command, ROLLOUT_EXAMPLES);
}

export const ROLLOUT_EXAMPLES = [
  [
    'one host, then a tenth, then all, with ten minutes between',
    'fleetwall rollout edge.yaml --all --yes --steps 1,10%,100% --soak 600',
  ],
  [
    'take back what was done if more than two hosts fail',
    'fleetwall rollout edge.yaml --group web --max-failed 2 --on-failure rollback --yes',
  ],
  [
    'the mended file, to the hosts that an earlier rollout did not bring it to',
    'fleetwall rollout edge.yaml --retry-failed 2026-11-22-edge-4f1c2a --yes',
  ],
] as const;

async function begin(path: string, flags: Flags, self: Command): Promise<ExitStatus> {
  const whom = flags.retryFailed ?? selectionOf(flags, self);
  const file = await readRulesetFile(path, flags);
  tellNotes(showNotes(file));
  const gates = await gatesOf(flags);
  const isGiven = (option: string) => self.getOptionValueSource(option) === 'cli';
  return await withClient<ExitStatus>(flags, async (client, signal) => {
    if (flags.dryRun !== true) await untilItMayBegin(flags, signal);
    // What is looked at is what is done: who comes to the fleet meanwhile is not in it.
    const observer = lookOnce(client, { signal });
    const fleet = await observer.fleet();
    const left =
      typeof whom === 'string' ? await hostsToRetry(client, whom, fleet.hosts, flags, signal) : null;
    const hosts = left?.hosts ?? (typeof whom === 'string' ? [] : await hostsOf(observer, whom));
    if (hosts.length === 0) throw new PlanError('there is no host that this would be for');
    const sent = rulesetToSend(file.ruleset, flags);
    const earlier = left?.record;
    const planned = asCareful(flags, earlier, isGiven, hosts.length);
    const revision =
      left !== null && isNextOf(left, sent)
        ? revisionToRetry(sent, left, fleet.hosts)
        : await revisionFor(observer, sent, { hosts });
    const plan: RolloutPlan = {
      ...paceOf(planned),
      ruleset: { ...sent, revision },
      expiresInSeconds: flags.expires,
      whom: { hosts },
      id: flags.id,
      gates: gates ?? (await gatesOfEarlier(flags, earlier)),
      overrideFreeze: flags.overrideFreeze,
      confirm: confirmOf(flags),
    };
    const troubles = troublesOf(hosts, fleet.hosts, { ...sent, groups: flags.group });
    if (flags.dryRun === true) return tellSteps(hosts, troubles, planned);
    for (const trouble of troubles) printAside(`${trouble}\n`);
    const look = tellPlan(planned, hosts.length);
    const asked = typeof whom === 'string' ? { ...flags, all: true as const } : flags;
    if (!(await askFirst(`roll out ruleset ${file.ruleset.name}`, hosts, asked, self, look))) return 1;
    const report = new RolloutReport(flags.json === true, file);
    const { onEvent, onGates } = report;
    return await untilInterrupted(report, flags, async () =>
      report.end(await client.rollout(plan, { signal, onEvent, onGates })),
    );
  });
}

/** How fast it goes, and when it stops. */
function paceOf(flags: Flags) {
  return {
    ...(flags.steps === undefined ? {} : { steps: flags.steps }),
    soakSeconds: flags.soak,
    budgets: { failed: flags.maxFailed, rolledBack: flags.maxRolledBack, silent: flags.maxSilent },
    onFailure: flags.onFailure,
    deliverySeconds: flags.timeout,
    executionSeconds: flags.executionTimeout ?? flags.timeout,
  };
}

/** What would be done, of which nothing is. */
function tellSteps(hosts: readonly string[], troubles: readonly string[], flags: Flags): ExitStatus {
  const steps = hostsByStep(flags.steps, hosts);
  if (flags.json === true) printJson({ steps, troubles });
  else print(`${[...showSteps(steps), ...tellPlan(flags, hosts.length), ...troubles].join('\n')}\n`);
  return 0;
}

/** The rollout of a process that ends begins nothing more, until somebody goes on with it. */
export async function untilInterrupted(
  report: RolloutReport,
  { gates }: GatesFlags,
  run: () => Promise<ExitStatus>,
): Promise<ExitStatus> {
  try {
    return await run();
  } catch (error) {
    const { rolloutId, heldBy } = report;
    if (!(error instanceof Interrupted)) throw error;
    if (rolloutId === null) throw new Interrupted(error.signal, 'no host was sent anything');
    const resume = `fleetwall rollout resume ${rolloutId}${gates === undefined ? '' : ` --gates ${gates}`}`;
    const left = `rollout ${rolloutId} begins no more hosts until somebody goes on with it: ${resume}`;
    if (heldBy.length === 0) throw new Interrupted(error.signal, left);
    printAside(`fleetwall: ${left}\n`);
    return 1;
  }
}
