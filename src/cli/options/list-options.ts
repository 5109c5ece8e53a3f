import { type Command, Option } from 'commander';
import type { HostAnswers, HostSelection, ListOptions, SentJob } from '../../central/fleet/options.ts';
import { hostsOf, lookOnce } from '../../central/fleet/select.ts';
import type { FleetLists } from '../../central/fleet-lists.ts';
import { AnswerReport } from '../show/report-answers.ts';
import { nameHosts } from '../show/show-answers.ts';
import { showListAnswers } from '../show/show-list-answers.ts';
import { tellUnheard } from '../show/tell-unheard.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { tellAside } from '../terminal/live-view.ts';
import { askFirst } from './ask-first.ts';
import { CONFIRMED_BY_HOSTS, type ConfirmFlags, confirmOf, withConfirmOptions } from './confirm-options.ts';
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
} from './fleet-options.ts';
import { readRevisionOrNext } from './read-values.ts';

/** Flags of every command that changes a list. */
export type ListFlags = FleetFlags &
  AnswerFlags &
  ExpiryFlags &
  SelectionFlags &
  ConfirmFlags & { revision: number | 'next' };

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
  const selection = selectionOf(flags, command);
  return await withClient(flags, async (client, signal) => {
    const hosts = await hostsOf(lookOnce(client, signal), selection);
    if (!(await askFirst(what, hosts, flags, command))) return 1;
    const report = new AnswerReport(flags.json === true, hosts.length);
    let sent: SentJob | null = null;
    const answers = await send(client.lists, selection, {
      timeoutSeconds: flags.timeout,
      expiresInSeconds: flags.expires,
      confirm: confirmOf(flags),
      signal,
      onEvent: report.onEvent,
      onSending: (job) => (sent = job),
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
