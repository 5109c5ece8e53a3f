import { Command } from 'commander';
import type { HostAnswers } from '../../../central/ask/options.ts';
import { type FleetFlags, withClient, withFleetOptions, withTimeout } from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { readJobId } from '../../options/read-values.ts';
import { UNTAKEN } from '../../show/show-answers.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paintEnd } from '../../terminal/paint.ts';
import { print, printJson } from '../../terminal/print.ts';

/** Takes back a job that has not begun. */
export function cancelCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('cancel').argument(
    '<job>',
    'the id of the job, as push and watch tell it',
    readJobId,
  );
  withTimeout(withFleetOptions(command), 'for hosts that have the job to say that it has ended', 5).action(
    async (job: string, flags: FleetFlags & { timeout: number }) => {
      const answers = await withClient(
        flags,
        async (client, signal) => await client.cancel(job, { timeoutSeconds: flags.timeout, signal }),
      );
      const hosts = Object.fromEntries([...answers].map(([host, answer]) => [host, answer.end]));
      if (flags.json === true) printJson({ jobId: job, hosts });
      else print(tell(job, answers));
      end(hasAll(answers) ? 0 : 4);
    },
  );
  return withExamples(command, [
    ['do not run it on hosts that come back later', 'fleetwall cancel 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e'],
    [
      'signed, for hosts that demand it',
      'fleetwall cancel 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e --key ops.key',
    ],
  ]);
}

/** Whether the broker has it for all hosts. */
function hasAll(answers: HostAnswers): boolean {
  return [...answers.values()].every(({ untaken }) => untaken !== true);
}

function tell(job: string, answers: HostAnswers): string {
  const lines = [...answers].map(
    ([host, { end, untaken }]) => `${paintEnd(end)}  ${host}${untaken === true ? `: ${UNTAKEN}` : ''}`,
  );
  const rest = hasAll(answers)
    ? `job ${job} is cancelled wherever it has not begun, also on hosts that are away; where it has, it goes on: fleetwall watch --since 3600`
    : `nobody can say where job ${job} is cancelled: some hosts may not have been told`;
  return `${[...lines, rest].join('\n')}\n`;
}
