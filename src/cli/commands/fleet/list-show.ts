import { Argument, Command } from 'commander';
import type { ReportedList } from '../../../contract/events/event.ts';
import {
  type AnswerFlags,
  type FleetFlags,
  type SelectionFlags,
  selectionOf,
  withClient,
  withFleetOptions,
  withSelectionOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { readListName } from '../../options/read-values.ts';
import { statusOf } from '../../show/report-answers.ts';
import { showLists } from '../../show/show-lists.ts';
import { tellUnknown } from '../../show/tell-unheard.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';

export function showCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('show')
    .description('show what is in a list, and where hosts differ')
    .addArgument(new Argument('<name>', 'the name of the list').argParser(readListName));
  withSelectionOptions(withTimeout(withFleetOptions(command))).action(
    async (name: string, flags: FleetFlags & AnswerFlags & SelectionFlags, self: Command) => {
      const selection = selectionOf(flags, self);
      const reports = await withClient(flags, async (client, signal) => {
        const found = await client.lists.report(name, selection, { timeoutSeconds: flags.timeout, signal });
        const quiet = [...found].flatMap(([host, list]) => (list === null ? [host] : []));
        if (quiet.length > 0) await tellUnknown(quiet, client, signal);
        return found;
      });
      if (flags.json === true) for (const [hostId, list] of reports) printJson({ hostId, list });
      else tell(name, reports);
      end(statusOf([...reports.values()].map((list) => (list === null ? 'silent' : 'reported'))));
    },
  );
  return withExamples(command, [
    ['on all hosts, one after the other where they differ', 'fleetwall list show blocked --all'],
    ['of one host, for a program', 'fleetwall list show blocked --host web-1 --json'],
  ]);
}

function tell(name: string, reports: ReadonlyMap<string, ReportedList | null>): void {
  const { content, differences } = showLists(name, reports);
  if (content.length > 0) print(`${content.join('\n')}\n`);
  if (differences.length > 0) printAside(`${differences.join('\n')}\n`);
}
