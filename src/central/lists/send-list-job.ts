import type { ReportedList } from '../../contract/events/event.ts';
import { JOBS_EXCHANGE } from '../../contract/words/names.ts';
import type { Operator } from '../ask/operator.ts';
import type {
  FleetObserver,
  HostAnswer,
  HostAnswers,
  HostSelection,
  ListChange,
  ListOptions,
  RequestOptions,
  WholeList,
} from '../ask/options.ts';
import { addressMessages, assertSelection, lookOnce } from '../ask/select.ts';
import { packed, prepareJob } from '../messages/messages.ts';

type Numbered<T> = Omit<T, 'revision'> & { revision: number };

/** A job of a list, under its number. */
export type NumberedJob =
  | { action: 'list.replace'; list: Numbered<WholeList> }
  | { action: 'list.change'; list: Numbered<ListChange> }
  | { action: 'list.remove'; list: { name: string; revision: number } };

/** Sends a job of a list once, and gathers the answers. @throws {RequestInvalid} */
export async function sendListJob(
  operator: Operator,
  job: NumberedJob,
  observer: FleetObserver,
  whom: HostSelection,
  options: ListOptions,
): Promise<HostAnswers> {
  const { rolloutId, confirm, expiresInSeconds } = options;
  const common = {
    ...(rolloutId === undefined ? {} : { rolloutId }),
    ...(confirm === undefined ? {} : { confirm: { ...confirm } }),
  };
  const messages = await addressMessages(observer, whom, async (target, hosts) => {
    const fields = { ...common, ...job, target };
    const { expiresAt, ...message } = await prepareJob(fields, operator.keys, expiresInSeconds);
    options.onSending?.({ jobId: message.jobId, expiresAt, hosts });
    return await packed(message);
  });
  // Jobs of lists do not wait for others' windows of confirmation: nobody has to look for these.
  return await operator.ask(messages, options, JOBS_EXCHANGE);
}

/** What hosts have of a list; `null` of one that did not answer, or cannot hold lists. @throws {RequestInvalid} */
export async function askListReport(
  operator: Operator,
  name: string,
  whom: HostSelection,
  options: RequestOptions,
): Promise<Map<string, ReportedList | null>> {
  assertSelection(whom);
  const messages = await addressMessages(
    lookOnce(operator, options),
    whom,
    async (target) => await prepareJob({ action: 'report', target, list: { name } }, operator.keys),
  );
  const answers = await operator.ask(messages, options, JOBS_EXCHANGE);
  return new Map(
    [...answers].map(([host, { result }]) => [
      host,
      result?.report?.lists?.find((list) => list.name === name) ?? null,
    ]),
  );
}

/** Whether a host has refused a revision: another was faster, or the host has missed one. */
export function isBeaten({ result }: HostAnswer): boolean {
  const code = result?.failure?.code;
  return code === 'revision_stale' || code === 'revision_conflict' || code === 'revision_gap';
}

export function isBehind({ result }: HostAnswer): boolean {
  return result?.failure?.code === 'revision_gap';
}
