import { Command } from 'commander';
import { readRulesetFile } from '../../files/ruleset-file.ts';
import { CONFIRMED_BY_HOSTS, withConfirmOptions } from '../../options/confirm-options.ts';
import {
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
import { type ChangingFlags, selectingCommand } from '../../options/selecting-command.ts';
import { type UntilFlags, untilOf, withUntil } from '../../options/until-options.ts';
import { showAnswers } from '../../show/show-answers.ts';
import { showDifferences } from '../../show/show-differences.ts';
import { showNotes, tellNotes } from '../../show/show-notes.ts';
import { tellUnheard } from '../../show/tell-unheard.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { printAside } from '../../terminal/print.ts';

type PushFlags = ChangingFlags & PreemptFlags & UntilFlags & RulesetFlags<number | 'next'> & { check?: true };

/** The numbers of jobs come from what hosts say of themselves, and nobody can look into their queues. */
const UNSEEN =
  'a push without --revision does not see what waits there, and may take the same revision, which the host then refuses (revision_conflict): cancel this one before you push something else, or push that with a higher --revision\n';

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
  const file = await readRulesetFile(path, flags);
  tellNotes(showNotes(file));
  const question = `push ruleset ${file.ruleset.name}`;
  return await selectingCommand(question, flags, self, async (selected) => {
    const { client, signal, selection, report, sent, options } = selected;
    const until = untilOf(flags);
    const own = until === undefined ? file.ruleset : { ...file.ruleset, until };
    const [action, show] =
      flags.check === true ? (['check', showDifferences] as const) : (['push', showAnswers] as const);
    const answers = await client[action](rulesetToSend(own, flags), selection, {
      ...options,
      ...preemptOf(flags),
    });
    const status = report.end(answers, file, show);
    await tellUnheard(answers, sent, client, signal);
    if (action === 'push' && [...answers.values()].some(({ end }) => end === 'silent')) printAside(UNSEEN);
    return status;
  });
}
