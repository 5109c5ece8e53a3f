import type { Command } from 'commander';
import type { Behind } from '../../central/ask/options.ts';
import { printAside } from '../terminal/print.ts';

export interface PreemptFlags {
  preempt?: true;
}

/** For what cannot wait for somebody else's window. */
export function withPreempt(command: Command): Command {
  return command.option(
    '--preempt',
    'first take back what waits on these hosts to be confirmed by somebody; else it waits behind that, for up to 20 minutes',
  );
}

/** Takes back what waits, or says behind what a host waits. */
export function preemptOf({ preempt }: PreemptFlags) {
  return {
    preempt: preempt === true,
    onBehind: (host: string, { jobId, until }: Behind) => {
      const when = until === null ? '' : ` until ${until.toISOString()}`;
      printAside(`${host} waits for the confirm of job ${jobId}${when}: --preempt takes that back first\n`);
    },
  };
}
