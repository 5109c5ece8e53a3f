import type { Command } from 'commander';
import { PlanError } from '../../../central/fleet/errors.ts';
import { hostsOf, lookOnce } from '../../../central/fleet/select.ts';
import type { RolloutPlan } from '../../../central/rollout/rollout-options.ts';
import { readRulesetFile } from '../../files/ruleset-file.ts';
import { askFirst } from '../../options/ask-first.ts';
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
import { withExamples } from '../../options/help.ts';
import { hostsToRetry } from '../../options/retry-failed.ts';
import { type RolloutFlags, tellPlan, withRolloutOptions } from '../../options/rollout-flags.ts';
import {
  ifRevisionOption,
  nextRevisionOption,
  type RulesetFlags,
  rulesetToSend,
  withRulesetOptions,
} from '../../options/ruleset-options.ts';
import { RolloutReport } from '../../show/report-rollout.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

type Flags = FleetFlags &
  AnswerFlags &
  ExpiryFlags &
  SelectionFlags &
  RulesetFlags<number | 'next'> &
  ConfirmFlags &
  RolloutFlags;

/** A rollout from its beginning to its end. */
export function withStart(command: Command, end: (status: ExitStatus) => void): Command {
  withTimeout(withFleetOptions(command), 'for a host to begin the job');
  withRulesetOptions(withExpiry(command), nextRevisionOption());
  command.addOption(ifRevisionOption());
  withConfirmOptions(withSelectionOptions(withRolloutOptions(command)), CONFIRMED_BY_HOSTS);
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
  return await withClient<ExitStatus>(flags, async (client, signal) => {
    // What is looked at is what is done: who comes to the fleet meanwhile is not in it.
    const hosts =
      typeof whom === 'string'
        ? await hostsToRetry(client, whom, flags.exclude, signal)
        : await hostsOf(lookOnce(client, signal), whom);
    const look = tellPlan(flags, hosts.length);
    const asked = typeof whom === 'string' ? { ...flags, all: true as const } : flags;
    if (!(await askFirst(`roll out ruleset ${file.ruleset.name}`, hosts, asked, self, look))) return 1;
    if (hosts.length === 0) throw new PlanError('there is no host that this would be for');
    const plan: RolloutPlan = {
      ruleset: rulesetToSend(file.ruleset, flags),
      expiresInSeconds: flags.expires,
      whom: { hosts },
      id: flags.id,
      ...(flags.steps === undefined ? {} : { steps: flags.steps }),
      soakSeconds: flags.soak,
      budgets: { failed: flags.maxFailed, rolledBack: flags.maxRolledBack, silent: flags.maxSilent },
      onFailure: flags.onFailure,
      confirm: confirmOf(flags),
      deliverySeconds: flags.timeout,
      executionSeconds: flags.executionTimeout ?? flags.timeout,
    };
    const report = new RolloutReport(flags.json === true, file);
    try {
      return report.end(await client.rollout(plan, { signal, onEvent: report.onEvent }));
    } catch (error) {
      if (error instanceof Interrupted && report.rolloutId !== null) throw leftAlone(error, report.rolloutId);
      throw error;
    }
  });
}

/** The rollout of a process that ends begins nothing more, until somebody goes on with it. */
export function leftAlone({ signal }: Interrupted, rolloutId: string): Interrupted {
  return new Interrupted(
    signal,
    `rollout ${rolloutId} begins no more hosts until somebody goes on with it: fleetwall rollout resume ${rolloutId}`,
  );
}
