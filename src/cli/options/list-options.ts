import { type Command, Option } from 'commander';
import type { HostAnswers, HostSelection, ListOptions } from '../../central/ask/options.ts';
import type { FleetLists } from '../../central/fleet-lists.ts';
import { nameHosts } from '../show/show-answers.ts';
import { showListAnswers } from '../show/show-list-answers.ts';
import { tellUnheard } from '../show/tell-unheard.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { tellAside } from '../terminal/live-view.ts';
import { CONFIRMED_BY_HOSTS, withConfirmOptions } from './confirm-options.ts';
import { withExpiry, withFleetOptions, withSelectionOptions, withTimeout } from './fleet-options.ts';
import { readRevisionOrNext } from './read-values.ts';
import { type ChangingFlags, selectingCommand } from './selecting-command.ts';

/** Flags of every command that changes a list. */
export type ListFlags = ChangingFlags & { revision: number | 'next' };

/** @param confirm how a job of that kind is confirmed where it says nothing */
export function withListOptions(command: Command, confirm: 'probe' | 'none'): Command {
  command.addOption(
    new Option(
      '--revision <number>',
      'the revision of the list, a whole number from 1; or next, which is one more than the highest that these hosts have had',
    )
      .argParser(readRevisionOrNext)
      .default('next'),
  );
  withExpiry(withTimeout(withFleetOptions(command)));
  return withConfirmOptions(withSelectionOptions(command), CONFIRMED_BY_HOSTS, confirm);
}

/** Has hosts do something with a list, and says how it ended. */
export async function runOnList(
  what: string,
  flags: ListFlags,
  command: Command,
  send: (lists: FleetLists, whom: HostSelection, options: ListOptions) => Promise<HostAnswers>,
): Promise<ExitStatus> {
  return await selectingCommand(what, flags, command, async (selected) => {
    const { client, signal, selection, report, sent, options } = selected;
    const answers = await send(client.lists, selection, {
      ...options,
      onMended: ({ hosts: mended, from, revision }) =>
        tellAside(
          `${nameHosts(mended)} had missed changes: all of revision ${revision} was taken from ${from}`,
        ),
    });
    const status = report.end(answers, null, showListAnswers, false);
    await tellUnheard(answers, sent, client, signal);
    return status;
  });
}
