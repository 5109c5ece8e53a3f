import type { ReportedRuleset } from '../../contract/events/event.ts';
import { Ruleset } from '../../contract/jobs/job.ts';
import { TEST_FIELDS } from '../../contract/jobs/ruleset-test.ts';
import { ALL_KEY, CONTROL_EXCHANGE } from '../../contract/words/names.ts';
import { rulesetDigest } from '../../ruleset/digest.ts';
import { hostsBehind } from '../ask/behind.ts';
import type { Operator } from '../ask/operator.ts';
import type {
  FleetObserver,
  HostAnswers,
  HostSelection,
  JobAnswers,
  PushOptions,
  RequestOptions,
  RulesetToPush,
} from '../ask/options.ts';
import { addressMessages, assertSelection, hostsOf, lookOnce } from '../ask/select.ts';
import { toHosts } from '../messages/addressed-message.ts';
import { RequestInvalid } from '../messages/errors.ts';
import { prepareControl, prepareJob } from '../messages/messages.ts';
import { suggestion } from '../messages/names.ts';
import { unknownField } from '../messages/request-issues.ts';
import { revisionFor } from './next-revision.ts';

/** Has hosts do something with a ruleset. @throws {RequestInvalid} before anything is sent */
export async function askRuleset(
  operator: Operator,
  action: 'apply' | 'check' | 'rollback' | 'remove',
  ruleset: RulesetToPush,
  whom: HostSelection,
  options: PushOptions,
): Promise<JobAnswers> {
  assertSelection(whom);
  assertKnownFields(ruleset);
  const { rolloutId, confirm, expiresInSeconds } = options;
  const common = {
    action,
    ...(rolloutId === undefined ? {} : { rolloutId }),
    ...(confirm === undefined || action === 'check' ? {} : { confirm: { ...confirm } }),
  };
  const observer = lookOnce(operator, options);
  const live = action === 'apply' ? await revisionsLiveOnAll(observer, ruleset, whom) : null;
  // Tests are no part of what is live: a host has them only if they are sent.
  if (live !== null && (ruleset.tests ?? []).length === 0) {
    const hosts = await hostsOf(observer, whom);
    return answersOf(null, new Map(hosts.map((host) => [host, { end: 'unchanged', result: null }])));
  }
  if (options.preempt === true && action !== 'check')
    await takeBackWhatWaits(operator, await hostsOf(observer, whom), options);
  const [same, ...others] = live ?? [];
  const isOne = same !== undefined && others.length === 0;
  const own = { ...ruleset, revision: isOne ? same : await revisionFor(observer, ruleset, whom) };
  const messages = await addressMessages(observer, whom, async (target, hosts) => {
    const job = { ...common, target, ruleset: own };
    const { expiresAt, ...message } = await prepareJob(job, operator.keys, expiresInSeconds);
    options.onSending?.({ jobId: message.jobId, expiresAt, hosts });
    return message;
  });
  return answersOf(messages[0]?.message.jobId ?? null, await operator.ask(messages, options));
}

/** @param jobId `null`: nothing had to be sent */
export function answersOf(jobId: string | null, answers: HostAnswers): JobAnswers {
  return Object.assign(answers, { jobId });
}

/** What is live on hosts; `null` of one that did not answer. @throws {RequestInvalid} before anything is sent */
export async function askReport(
  operator: Operator,
  name: string | undefined,
  whom: HostSelection,
  options: RequestOptions,
): Promise<Map<string, ReportedRuleset[] | null>> {
  assertSelection(whom);
  const messages = await addressMessages(lookOnce(operator, options), whom, async (target) => {
    const ruleset = name === undefined ? {} : { ruleset: { name } };
    return await prepareJob({ action: 'report', target, ...ruleset }, operator.keys);
  });
  const answers = await operator.ask(messages, options);
  return new Map([...answers].map(([host, { result }]) => [host, result?.report?.rulesets ?? null]));
}

/** Answers a job that waits to be confirmed, on the hosts where it does, or on those of them that are named. */
export async function answerJob(
  operator: Operator,
  kind: 'confirm' | 'abort',
  jobId: string,
  { among, ...options }: RequestOptions & { among?: readonly string[] | undefined },
): Promise<JobAnswers> {
  const fleet = await operator.fleet({ signal: options.signal });
  const hosts = [...fleet.hosts.values()]
    .filter(({ pending }) => pending === jobId)
    .map(({ hostId }) => hostId)
    .filter((host) => among === undefined || among.includes(host));
  if (hosts.length === 0) return answersOf(jobId, new Map());
  const message = await prepareControl({ kind, jobId }, { hosts }, operator.keys);
  const addressed = toHosts({ ...message, jobId }, hosts);
  return answersOf(jobId, await operator.ask([addressed], options, CONTROL_EXCHANGE));
}

/** Aborts what waits on these hosts to be confirmed, and waits until it is taken back. */
async function takeBackWhatWaits(
  operator: Operator,
  hosts: readonly string[],
  options: RequestOptions,
): Promise<void> {
  const behind = await hostsBehind(operator, new Set(), options.signal);
  const jobs = new Set([...behind].filter(([host]) => hosts.includes(host)).map(([, { jobId }]) => jobId));
  const { timeoutSeconds, signal } = options;
  for (const jobId of jobs)
    await answerJob(operator, 'abort', jobId, { timeoutSeconds, signal, among: hosts });
}

/**
 * Without a revision of its own, what is live everywhere takes no new number: nothing has to be sent but its tests.
 *
 * @returns the revisions that the hosts have of it; `null` if it is not live on all
 */
async function revisionsLiveOnAll(
  observer: FleetObserver,
  ruleset: RulesetToPush,
  whom: HostSelection,
): Promise<ReadonlySet<number> | null> {
  const { name, revision, ifRevision, until, scope = 'chains', ipv4, ipv6 } = ruleset;
  if (revision !== 'next' || ifRevision !== undefined || until !== undefined) return null;
  const revisions = new Set<number>();
  const digest = rulesetDigest({ name, scope, ipv4, ipv6 });
  const { hosts: known, unasked } = await observer.fleet();
  const isOnAll = (await hostsOf(observer, whom)).every((host) => {
    // What a host has said some minutes ago is no answer to who may not ask it.
    if (unasked?.has(host) === true) return false;
    const { presence, rulesets = [], pending = null, running = null } = known.get(host) ?? {};
    const live = rulesets.find((of) => of.name === name);
    // Where a content has ended, the one before is live again, and the number of the ended one is used up.
    if (live !== undefined) revisions.add(live.revision).add(live.liveRevision ?? live.revision);
    return (
      presence === 'online' &&
      pending === null &&
      running === null &&
      live?.digest === digest &&
      // What is to end is to stay from now on.
      live.until === undefined &&
      live.inSync === true
    );
  });
  return isOnAll ? revisions : null;
}

const FIELDS = Object.keys(Ruleset.shape);

/** Hosts ignore fields that they do not know, as a newer sender may have them: whoever misspells one here is told. */
function assertKnownFields(ruleset: RulesetToPush): void {
  assertKnownTestFields(ruleset);
  const odd = Object.keys(ruleset).filter((field) => !FIELDS.includes(field));
  const [first] = odd;
  if (first === undefined) return;
  const issues = odd.map((field) => unknownField(['ruleset', field], FIELDS));
  throw new RequestInvalid(`a ruleset has no field ${first}${suggestion(first, FIELDS)}`, { issues });
}

function assertKnownTestFields({ tests = [] }: RulesetToPush): void {
  for (const [index, test] of tests.entries()) {
    const odd = Object.keys(test).filter((field) => !TEST_FIELDS.includes(field));
    const [first] = odd;
    if (first === undefined) continue;
    const issues = odd.map((field) => unknownField(['ruleset', 'tests', index, field], TEST_FIELDS));
    throw new RequestInvalid(`a test has no field ${first}${suggestion(first, TEST_FIELDS)}`, { issues });
  }
}

const CANCEL_SECONDS = 5;

/** Ends a job where it is not begun. @returns the answers of those that had it and were there, and of those that it may not come to */
export async function cancelJob(
  operator: Operator,
  jobId: string,
  options: RequestOptions,
): Promise<JobAnswers> {
  const { hosts: known } = await operator.fleet({ signal: options.signal });
  const hosts = [...known.values()]
    .filter(({ presence }) => presence === 'online')
    .map(({ hostId }) => hostId);
  const message = await prepareControl({ kind: 'cancel', jobId }, { all: true }, operator.keys);
  const toAll = { message: { ...message, jobId }, sends: [{ key: ALL_KEY, host: null }], hosts };
  const answers = await operator.ask(
    [toAll],
    { ...options, timeoutSeconds: options.timeoutSeconds ?? CANCEL_SECONDS },
    CONTROL_EXCHANGE,
  );
  const told = [...answers].filter(([, { end, untaken }]) => end !== 'silent' || untaken === true);
  return answersOf(jobId, new Map(told));
}
