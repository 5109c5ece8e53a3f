import { type Command, Option } from 'commander';
import type { HostAnswers, HostSelection, ListOptions } from '../../central/ask/options.ts';
import type { FleetLists } from '../../central/fleet-lists.ts';
import type { HostState } from '../../central/log/fleet-state.ts';
import { meantInstead } from '../show/held-names.ts';
import { nameHosts } from '../show/show-answers.ts';
import { showListAnswers } from '../show/show-list-answers.ts';
import { tellUnheard } from '../show/tell-unheard.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { tellAside } from '../terminal/live-view.ts';
import { CONFIRMED_BY_HOSTS, withConfirmOptions } from './confirm-options.ts';
import { withExpiry, withFleetOptions, withSelectionOptions, withTimeout } from './fleet-options.ts';
import { readRevisionOrNext } from './read-values.ts';
import { type ChangingFlags, type Selected, selectingCommand } from './selecting-command.ts';

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

/**
 * Has hosts do something with a list, and says how it ended.
 *
 * @param isWanted whether one of them at least has to have the list
 */
export async function runOnList(
  what: string,
  name: string,
  isWanted: boolean,
  flags: ListFlags,
  command: Command,
  send: (lists: FleetLists, whom: HostSelection, options: ListOptions) => Promise<HostAnswers>,
): Promise<ExitStatus> {
  const wanted = { kind: 'list', name } as const;
  const work = async ({ client, signal, selection, observer, report, sent, options }: Selected) => {
    const answers = await send(client.lists, selection, {
      ...options,
      onMended: ({ hosts: mended, from, revision }) =>
        tellAside(
          `${nameHosts(mended)} had missed changes: all of revision ${revision} was taken from ${from}`,
        ),
    });
    const status = report.end(answers, null, showListAnswers, false);
    await tellUnheard(answers, sent, client, signal);
    if (flags.revision === 'next' && isNew(answers)) tellNew(name, answers, (await observer.fleet()).hosts);
    return status;
  };
  return await selectingCommand(
    `${what} list ${name}`,
    flags,
    command,
    work,
    isWanted && flags.revision === 'next' ? wanted : null,
  );
}

function isNew(answers: HostAnswers): boolean {
  return answers.size > 0 && [...answers.values()].every(({ result }) => result?.list?.revision === 1);
}

/** A list that was not there is made: if its name is a misspelt one, no rule matches it. */
function tellNew(name: string, answers: HostAnswers, fleet: ReadonlyMap<string, HostState>): void {
  const meant = meantInstead({ kind: 'list', name }, [...answers.keys()], fleet);
  if (meant !== null)
    tellAside(`list ${name} is new, and does nothing until a ruleset matches it: did you mean ${meant}?`);
}
