import type { Command } from 'commander';
import type { JobCompleted } from '../../../contract/events/event.ts';
import type { Answers } from '../../../job/ports/confirmation.ts';
import { NO_ANSWERS } from '../../../job/ports/confirmation.ts';
import { type ConfirmFlags, withConfirmOptions } from '../../options/confirm-options.ts';
import { withExamples } from '../../options/help.ts';
import { localCommand, localJob } from '../../options/local-command.ts';
import { describeCounts } from '../../show/describe-counts.ts';
import { tellTests } from '../../show/show-tests.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { printAside } from '../../terminal/print.ts';
import { TerminalAnswers } from '../../terminal/terminal-answers.ts';

const CONFIRMED_HERE = {
  probe: "the host's own checks (see --probes), which must pass",
  manual: 'whoever sits at this terminal, who is asked',
};

export function applyCommand(end: (status: ExitStatus) => void): Command {
  const confirm = (flags: ConfirmFlags) => {
    const { confirm: mode = 'probe', confirmTimeout: timeoutSeconds = 30 } = flags;
    return {
      confirm: { mode, timeoutSeconds },
      answers: mode === 'manual' ? new TerminalAnswers() : deaf(),
    };
  };
  const command = localCommand({ name: 'apply', work: localJob('apply', showApplied, { confirm }) }, end);
  return withExamples(withConfirmOptions(command, CONFIRMED_HERE), [
    ['apply the rules of a file, as ruleset edge', 'fleetwall apply edge.rules'],
    [
      'over SSH: without a yes in 60 seconds, the rules are as they were before',
      'fleetwall apply edge.rules --confirm manual --confirm-timeout 60',
    ],
    [
      'own each table of the file as a whole, and take it away from whoever has rules in it',
      'fleetwall apply everything.rules --name base --scope tables',
    ],
  ]);
}

function showApplied({ outcome, diff, ruleset, tests }: JobCompleted): string {
  return `ruleset ${ruleset?.name} revision ${ruleset?.revision} ${outcome}: ${describeCounts(diff, true)}${tellTests({ tests })}`;
}

/** Nobody is asked, and what is under way is finished: half of a change helps nobody. */
function deaf(): Answers {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => printAside('fleetwall: finishing the change that is under way\n'));
  }
  return NO_ANSWERS;
}
