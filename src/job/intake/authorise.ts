import { JobAction } from '../../contract/events/event.ts';
import type { ControlMessage } from '../../contract/jobs/control.ts';
import type { Job, Ruleset } from '../../contract/jobs/job.ts';
import { isListJob } from '../../contract/jobs/list-job.ts';
import { matchesAny } from '../../ruleset/policy/name-patterns.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Subject } from '../ports/confirmation.ts';
import type { TrustedKey } from '../ports/key-ring.ts';
import type { HostIdentity, Ports } from '../ports/ports.ts';

/** The host, and its time: what a key was trusted until is over for good, whatever the system's clock is set to. */
type HostNow = Pick<Ports, 'identity' | 'clock'>;

/**
 * Checks that this host may do what a message asks. The message must name the host, however it was routed here. If it is signed,
 * as many of its signers as the host demands must be allowed to ask for exactly this, here and now. Who answers a job that waits needs
 * what that job needed.
 *
 * @param waiting what the job is about that a control message answers
 * @throws {JobFailure} of stage `authorise`; of stage `lint` (`policy_denied`) for a signed job without an expiry
 */
export function authorise(
  message: Job | ControlMessage,
  signers: readonly TrustedKey[],
  host: HostNow,
  waiting?: Subject,
): void {
  const { identity } = host;
  if (signers.length > 0) assertSigned(message, signers, host, waiting);
  else if (!identity.allowUnsigned) {
    throw new JobFailure(
      'authorise',
      'signature_missing',
      'the job is not signed, and this host does not allow that',
    );
  }
  assertAddressed(message.target, identity);
}

/**
 * Says whether those who have signed a cancellation may ask for the job, and so may cancel it. Whoever may send jobs that are not
 * signed may cancel what is not signed; the keys must be trusted now.
 */
export function mayCancel(
  job: Job,
  signers: readonly TrustedKey[],
  host: HostNow,
  jobIsSigned: boolean,
): boolean {
  const { identity } = host;
  if (signers.length === 0) return identity.allowUnsigned && !jobIsSigned;
  const asked = { message: job, ...subjectOf(job) };
  const allowed = signers.filter((key) => objectionTo(key, asked, host) === null);
  return new Set(allowed.map(({ kid }) => kid)).size >= neededSigners(asked, identity.signatures);
}

interface Asked extends Subject {
  message: Job | ControlMessage;
}

/** Nothing: for a report of all rulesets, for a ping, and for an answer that no job waits for. */
function subjectOf(job: Job): Subject {
  if (isListJob(job)) return { list: job.list.name };
  if (job.action === 'report' && job.list !== undefined) return { list: job.list.name };
  return job.ruleset?.name === undefined ? {} : { ruleset: job.ruleset.name };
}

function assertSigned(
  message: Job | ControlMessage,
  signers: readonly TrustedKey[],
  host: HostNow,
  waiting: Subject | undefined,
): void {
  const asked = { message, ...('action' in message ? subjectOf(message) : waiting) };
  const objections = signers.map((key) => ({ key, objection: objectionTo(key, asked, host) }));
  const allowed = new Set(objections.flatMap(({ key, objection }) => (objection === null ? [key.kid] : [])));
  if (allowed.size === 0) {
    throw new JobFailure(
      'authorise',
      'signer_not_trusted',
      objections.map(({ objection }) => objection).join('; '),
    );
  }
  const { signatures } = host.identity;
  const needed = neededSigners(asked, signatures);
  if (allowed.size < needed) {
    const found = [...allowed].join(', ');
    throw new JobFailure(
      'authorise',
      'signature_missing',
      `this host wants ${needed} different signers for that: there is ${found}`,
    );
  }
}

/** Returns how many allowed signers a message needs. One is enough for a message that cannot change rules. */
function neededSigners(
  { message, ruleset, list }: Asked,
  { signers, rulesets, lists }: HostIdentity['signatures'],
): number {
  const what = 'action' in message ? message.action : message.kind;
  const name = ruleset ?? list;
  if (name === undefined || what === 'report' || what === 'check') return 1;
  const rules = list === undefined ? rulesets : lists;
  const own = rules.filter(({ names }) => matchesAny(name, names)).map((rule) => rule.signers);
  return Math.max(signers, ...own);
}

/** Returns why a key may not sign this message, or `null` if it may. */
function objectionTo(key: TrustedKey, asked: Asked, { identity: { groups }, clock }: HostNow): string | null {
  const { kid, limits } = key;
  if (limits.groups !== undefined && !limits.groups.some((group) => groups.includes(group))) {
    return `key ${kid} is trusted by hosts of the groups ${limits.groups.join(', ')} only`;
  }
  return timeObjection(key, clock.now().getTime()) ?? workObjection(key, asked);
}

function timeObjection({ kid, limits: { notBefore, notAfter } }: TrustedKey, now: number): string | null {
  if (notBefore !== undefined && now < Date.parse(notBefore))
    return `key ${kid} is trusted from ${notBefore} on`;
  if (notAfter !== undefined && now > Date.parse(notAfter)) return `key ${kid} was trusted until ${notAfter}`;
  return null;
}

const CANCELLABLE = new Set<string>([...JobAction.options, 'cancel']);

/** Who may ask for no job may cancel none. */
function cancelObjection({ kid, limits: { actions } }: TrustedKey): string | null {
  if (actions === undefined || actions.some((action) => CANCELLABLE.has(action))) return null;
  return `key ${kid} is trusted with no job, and so may cancel none`;
}

function workObjection(key: TrustedKey, { message, ruleset, list }: Asked): string | null {
  const { kid, limits } = key;
  const { actions } = limits;
  // What the job needs is looked at when it is known.
  if ('kind' in message && message.kind === 'cancel') return cancelObjection(key);
  const isJob = 'action' in message;
  const what = isJob ? message.action : message.kind;
  if (actions !== undefined && !actions.includes(what)) return `key ${kid} is not trusted with "${what}"`;
  if (list !== undefined) return listObjection(key, list);
  return rulesetObjection(key, ruleset, isJob ? message : null);
}

/** @param job `null`: it is a control message, which names no ruleset itself */
function rulesetObjection(key: TrustedKey, ruleset: string | undefined, job: Job | null): string | null {
  const { kid, limits } = key;
  const rulesets = limits.rulesets ?? (limits.lists === undefined ? undefined : []);
  if (rulesets === undefined || (ruleset === undefined && job === null)) return null;
  if (ruleset !== undefined && rulesets.includes(ruleset))
    return job === null ? null : madeListsObjection(key, job);
  // A report of all rulesets would also show rulesets that are outside the key's limits.
  return `key ${kid} is not trusted with ruleset ${ruleset ?? 'names that it is not limited to'}`;
}

/** A ruleset may have lists made: empty ones, which nobody else can make as another kind then. */
function madeListsObjection(key: TrustedKey, job: Job): string | null {
  const made = 'ruleset' in job ? (job.ruleset as Partial<Ruleset> | undefined)?.lists : undefined;
  return (made ?? []).map((list) => listObjection(key, list)).find((objection) => objection !== null) ?? null;
}

function listObjection({ kid, limits }: TrustedKey, list: string): string | null {
  const lists = limits.lists ?? (limits.rulesets === undefined ? undefined : []);
  return lists === undefined || lists.includes(list) ? null : `key ${kid} is not trusted with list ${list}`;
}

function assertAddressed(target: Job['target'], { hostId, groups }: HostIdentity): void {
  const named =
    target.all === true ||
    target.hosts?.includes(hostId) === true ||
    groups.some((group) => target.groups?.includes(group) === true);
  if (named) return;
  throw new JobFailure(
    'authorise',
    'not_addressed',
    `host ${hostId} (groups: ${groups.join(', ') || 'none'}) is not in the job's target`,
  );
}
