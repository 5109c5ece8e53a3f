import type { ReportedRuleset } from '../../contract/event.ts';
import { CONTROL_EXCHANGE } from '../../contract/names.ts';
import { type AddressedMessage, toHosts } from './addressed-message.ts';
import { prepareControl, prepareJob } from './messages.ts';
import { nextRevisions } from './next-revision.ts';
import type { Operator } from './operator.ts';
import type { HostAnswers, HostSelection, PushOptions, RequestOptions, RulesetToPush } from './options.ts';
import { addressMessages, assertSelection, lookOnce } from './select.ts';

/** Has hosts do something with a ruleset. @throws {RequestInvalid} before anything is sent */
export async function askRuleset(
  operator: Operator,
  action: 'apply' | 'check' | 'rollback' | 'remove',
  ruleset: RulesetToPush,
  whom: HostSelection,
  options: PushOptions,
): Promise<HostAnswers> {
  assertSelection(whom);
  const { rolloutId, confirm } = options;
  const common = {
    action,
    ...(rolloutId === undefined ? {} : { rolloutId }),
    ...(confirm === undefined || action === 'check' ? {} : { confirm: { ...confirm } }),
  };
  const observer = lookOnce(operator, options.signal);
  const parts = await nextRevisions(observer, ruleset, whom);
  const messages: AddressedMessage[] = [];
  for (const { whom: part, ruleset: own } of parts) {
    const make = async (target: object) =>
      await prepareJob({ ...common, target, ruleset: own }, operator.keys);
    for (const message of await addressMessages(observer, part, make)) messages.push(message);
  }
  return await operator.ask(messages, options);
}

/** What is live on hosts; `null` of one that did not answer. @throws {RequestInvalid} before anything is sent */
export async function askReport(
  operator: Operator,
  name: string | undefined,
  whom: HostSelection,
  options: RequestOptions,
): Promise<Map<string, ReportedRuleset[] | null>> {
  assertSelection(whom);
  const messages = await addressMessages(lookOnce(operator, options.signal), whom, async (target) => {
    const ruleset = name === undefined ? {} : { ruleset: { name } };
    return await prepareJob({ action: 'report', target, ...ruleset }, operator.keys);
  });
  const answers = await operator.ask(messages, options);
  return new Map([...answers].map(([host, { result }]) => [host, result?.report?.rulesets ?? null]));
}

/** Answers a job that waits to be confirmed, on the hosts where it does. */
export async function answerJob(
  operator: Operator,
  kind: 'confirm' | 'abort',
  jobId: string,
  options: RequestOptions,
): Promise<HostAnswers> {
  const fleet = await operator.fleet({ signal: options.signal });
  const hosts = [...fleet.hosts.values()]
    .filter(({ pending }) => pending === jobId)
    .map(({ hostId }) => hostId);
  if (hosts.length === 0) return new Map();
  const message = await prepareControl({ kind, jobId }, { hosts }, operator.keys);
  const addressed = toHosts({ ...message, jobId }, hosts);
  return await operator.ask([addressed], options, CONTROL_EXCHANGE);
}
