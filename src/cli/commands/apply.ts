import { type Command, InvalidArgumentError, Option } from 'commander';
import type { JobCompleted } from '../../contract/event.ts';
import type { ApplyJob } from '../../contract/job.ts';
import type { Answers } from '../../job/ports/confirmation.ts';
import { NO_ANSWERS } from '../../job/ports/confirmation.ts';
import { localCommand, localJob } from '../options/local-command.ts';
import { describeCounts } from '../show/describe-counts.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { TerminalAnswers } from '../terminal/terminal-answers.ts';

interface ConfirmFlags {
  confirm?: ApplyJob['confirm']['mode'];
  confirmTimeout?: number;
}

const MOST_SECONDS = 1200;

export function applyCommand(end: (status: ExitStatus) => void): Command {
  const confirm = (flags: ConfirmFlags) => {
    const { confirm: mode = 'probe', confirmTimeout: timeoutSeconds = 30 } = flags;
    return {
      confirm: { mode, timeoutSeconds },
      answers: mode === 'manual' ? new TerminalAnswers() : deaf(),
    };
  };
  return localCommand({ name: 'apply', work: localJob('apply', showApplied, confirm) }, end)
    .addOption(
      new Option(
        '--confirm <mode>',
        "probe (the host's own probes), manual (asks here) or none (default: probe)",
      ).choices(['probe', 'manual', 'none']),
    )
    .addOption(
      new Option(
        '--confirm-timeout <seconds>',
        'time for that, after which it is taken back (default: 30)',
      ).argParser(readSeconds),
    );
}

function showApplied({ outcome, diff, ruleset }: JobCompleted): string {
  return `ruleset ${ruleset?.name} revision ${ruleset?.revision} ${outcome}: ${describeCounts(diff, true)}`;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS) {
    throw new InvalidArgumentError(`A whole number of seconds from 1 to ${MOST_SECONDS}.`);
  }
  return seconds;
}

/** Nobody is asked, and what is under way is finished: half of a change helps nobody. */
function deaf(): Answers {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.stderr.write('fleetwall: finishing the change that is under way\n'));
  }
  return NO_ANSWERS;
}
