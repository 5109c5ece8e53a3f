import { Command } from 'commander';
import { dropHost } from '../../completion/find-names.ts';
import { type FleetFlags, withClient, withFleetOptions } from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printJson } from '../../terminal/print.ts';

/** Takes hosts out of the fleet that are gone for good. */
export function forgetCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('forget').argument('<host...>', 'the ids of hosts that do not come back');
  withFleetOptions(command).action(async (hosts: string[], flags: FleetFlags) => {
    await withClient(flags, async (client, signal) => {
      for (const host of hosts) {
        await client.forget(host, { signal });
        await dropHost(flags, host);
        if (flags.json === true) printJson({ hostId: host, forgotten: true });
        else print(`${host} is forgotten: its queues are deleted, with what waited in them\n`);
      }
    });
    end(0);
  });
  return withExamples(command, [
    ['a host that was taken down, so that --all is whole without it', 'fleetwall forget web-7'],
    ['several, for a program', 'fleetwall forget web-7 web-8 --json'],
  ]);
}
