import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApplyJob } from '../../contract/jobs/job.ts';
import { optionsUnder } from './help.ts';

/** Of a job that is sent to hosts. */
export const CONFIRMED_BY_HOSTS = {
  probe: 'each host itself, if it still reaches the broker and passes its own checks',
  manual: 'a person, by fleetwall confirm and the id of the job',
};

export interface ConfirmFlags {
  confirm?: ApplyJob['confirm']['mode'];
  confirmTimeout?: number;
}

const MOST_SECONDS = 1200;

/** How a change that was applied is confirmed; `says` is who does, with each of the modes that ask. */
export function withConfirmOptions(
  command: Command,
  says: { probe: string; manual: string },
  fallback = 'probe',
): Command {
  return optionsUnder('Confirmation:', command, (under) =>
    under
      .addOption(
        new Option(
          '--confirm <mode>',
          `who says whether the change is kept: with probe, ${says.probe}; with manual, ${says.manual}; with none, it is kept unasked`,
        )
          .choices(['probe', 'manual', 'none'])
          .default(undefined, fallback),
      )
      .addOption(
        new Option(
          '--confirm-timeout <seconds>',
          `how many seconds that may take, from 1 to ${MOST_SECONDS}; then the change is taken back`,
        )
          .argParser(readSeconds)
          .default(undefined, '30'),
      ),
  );
}

/** As a job says it; `undefined`: what holds where a job says nothing. */
export function confirmOf({ confirm, confirmTimeout }: ConfirmFlags) {
  if (confirm === undefined && confirmTimeout === undefined) return undefined;
  return { mode: confirm ?? 'probe', timeoutSeconds: confirmTimeout };
}

function readSeconds(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MOST_SECONDS) {
    throw new InvalidArgumentError(`A whole number of seconds from 1 to ${MOST_SECONDS}.`);
  }
  return seconds;
}
