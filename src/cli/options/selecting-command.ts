import type { Command } from 'commander';
import type { FleetObserver, HostSelection } from '../../central/ask/options.ts';
import { hostsOf, lookOnce } from '../../central/ask/select.ts';
import type { FleetClient } from '../../central/fleet-client.ts';
import { NobodyKnown } from '../../central/messages/errors.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { type HeldName, whyNoneHas } from '../show/held-names.ts';
import { AnswerReport } from '../show/report-answers.ts';
import { SentJobs } from '../show/sent-jobs.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { askFirst, isAskedFirst } from './ask-first.ts';
import { type ConfirmFlags, confirmOf } from './confirm-options.ts';
import {
  type AnswerFlags,
  type ExpiryFlags,
  type FleetFlags,
  Interrupted,
  type SelectionFlags,
  selectionOf,
  withClient,
} from './fleet-options.ts';

/** Flags of a command that asks hosts for something, and waits for their answers. */
export type SelectingFlags = FleetFlags & AnswerFlags & SelectionFlags;
/** Flags of one that has them change something. */
export type ChangingFlags = SelectingFlags & ExpiryFlags & ConfirmFlags;

/** What a command has to work with, once its hosts are chosen. */
export interface Selected {
  client: FleetClient;
  signal: AbortSignal;
  selection: HostSelection;
  /** The fleet as it was before anything was sent. */
  observer: FleetObserver;
  report: AnswerReport;
  /** Jobs that were sent with these options. */
  sent: SentJobs;
  /** As the requests of a client take them. */
  options: ReturnType<typeof requestOptions> & { observer: FleetObserver };
}

/**
 * Does something with the hosts that a command is for, and tells of their answers.
 *
 * @param question what is to be done on them: a person is asked first, where they are many; `null`: it does no harm
 * @param wanted what one of them at least has to have: of a name that is misspelt, all would be told as done
 * @throws {NobodyKnown} if none has it
 */
export async function selectingCommand(
  question: string | null,
  flags: SelectingFlags & Partial<ChangingFlags>,
  command: Command,
  work: (selected: Selected) => Promise<ExitStatus>,
  wanted: HeldName | null = null,
): Promise<ExitStatus> {
  const selection = selectionOf(flags, command);
  return await withClient<ExitStatus>(flags, async (client, signal) => {
    const first = lookOnce(client, { signal });
    const hosts = await hostsOf(first, selection);
    if (wanted !== null) {
      const why = whyNoneHas(wanted, hosts, (await first.fleet()).hosts);
      if (why !== null) throw new NobodyKnown(why);
    }
    if (question !== null && !(await askFirst(question, hosts, flags, command))) return 1;
    // A person takes their time, and the fleet goes on meanwhile.
    const observer = question !== null && isAskedFirst(flags) ? lookOnce(client, { signal }) : first;
    const report = new AnswerReport(flags.json === true, hosts.length);
    const sent = new SentJobs();
    const options = { ...requestOptions(flags, signal, report, sent), observer };
    try {
      return await work({ client, signal, selection, observer, report, sent, options });
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      throw new Interrupted(error.signal, sent.describe(), sent.open);
    }
  });
}

function requestOptions(
  { timeout, expires, ...confirm }: AnswerFlags & Partial<ExpiryFlags> & ConfirmFlags,
  signal: AbortSignal,
  report: AnswerReport,
  sent: SentJobs,
) {
  const onEvent = (event: FleetEvent) => {
    sent.take(event);
    report.onEvent(event);
  };
  const { onSending } = sent;
  const expiry = expires === undefined ? {} : { expiresInSeconds: expires };
  return { timeoutSeconds: timeout, signal, onEvent, onSending, confirm: confirmOf(confirm), ...expiry };
}
