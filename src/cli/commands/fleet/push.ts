import { Command } from 'commander';
import type { SentJob } from '../../../central/fleet/options.ts';
import { hostsOf, lookOnce } from '../../../central/fleet/select.ts';
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
  type SelectionFlags,
  selectionOf,
  withClient,
  withExpiry,
  withFleetOptions,
  withSelectionOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { type PreemptFlags, preemptOf, withPreempt } from '../../options/preempt.ts';
import {
  ifRevisionOption,
  nextRevisionOption,
  type RulesetFlags,
  rulesetToSend,
  withRulesetOptions,
} from '../../options/ruleset-options.ts';
import { type UntilFlags, untilOf, withUntil } from '../../options/until-options.ts';
import { AnswerReport } from '../../show/report-answers.ts';
import { showAnswers } from '../../show/show-answers.ts';
import { showDifferences } from '../../show/show-differences.ts';
import { tellUnheard } from '../../show/tell-unheard.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

type PushFlags = FleetFlags &
  AnswerFlags &
  ExpiryFlags &
  PreemptFlags &
  SelectionFlags &
  RulesetFlags<number | 'next'> &
  ConfirmFlags &
  UntilFlags & { check?: true };

export function pushCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('push').option(
    '--check',
    'have hosts do everything but the change, and say what it would be',
  );
  withRulesetOptions(withExpiry(withTimeout(withFleetOptions(command))), nextRevisionOption());
  withUntil(command, {
    for: 'for how long hosts have it; then each goes back by itself to what it had without an end',
    until: 'when each host goes back by itself',
    otherwise: 'as the file says, or for good',
  });
  withPreempt(command.addOption(ifRevisionOption()));
  withConfirmOptions(withSelectionOptions(command), CONFIRMED_BY_HOSTS);
  command.action(async (path: string, flags: PushFlags, self: Command) => end(await push(path, flags, self)));
  return withExamples(command, [
    [
      'a ruleset to two hosts; each line that one of them refuses is shown',
      'fleetwall push edge.yaml --host web-1 --host web-2',
    ],
    [
      'signed, to a group but for one host, for four hours: then each goes back by itself',
      'fleetwall push edge.yaml --group web --exclude web-9 --key ops.key --for 4h --yes',
    ],
    ['what would it change on every host?', 'fleetwall push edge.yaml --all --yes --check'],
  ]);
}

async function push(path: string, flags: PushFlags, self: Command): Promise<ExitStatus> {
  const selection = selectionOf(flags, self);
  const file = await readRulesetFile(path, flags);
  return await withClient(flags, async (client, signal) => {
    const hosts = await hostsOf(lookOnce(client, signal), selection);
    const label = `ruleset ${file.ruleset.name}`;
    if (!(await askFirst(`push ${label}`, hosts, flags, self))) return 1;
    const report = new AnswerReport(flags.json === true, hosts.length);
    let sent: SentJob | null = null;
    const options = {
      timeoutSeconds: flags.timeout,
      signal,
      onEvent: report.onEvent,
      onSending: (job: SentJob) => {
        sent = job;
      },
      confirm: confirmOf(flags),
      expiresInSeconds: flags.expires,
      ...preemptOf(flags),
    };
    const until = untilOf(flags);
    const own = until === undefined ? file.ruleset : { ...file.ruleset, until };
    const ruleset = rulesetToSend(own, flags);
    const [action, show] =
      flags.check === true ? (['check', showDifferences] as const) : (['push', showAnswers] as const);
    const answers = await client[action](ruleset, selection, options);
    const status = report.end(answers, file, show);
    await tellUnheard(answers, sent, client, signal);
    return status;
  });
}
