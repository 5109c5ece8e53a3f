import { randomBytes } from 'node:crypto';
import type { RecordedMessage, RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import type { SigningKey } from '../../keys/signing-key.ts';
import { rulesetDigest } from '../../ruleset/digest.ts';
import type { FleetObserver, RulesetToPush } from '../ask/options.ts';
import { assertSelection, hostsOf } from '../ask/select.ts';
import { revisionFor } from '../fleet/next-revision.ts';
import { PlanError } from '../messages/errors.ts';
import { EXPIRES_SECONDS, type PreparedMessage, prepareJob } from '../messages/messages.ts';
import type { HostAmount, RolloutPlan } from './rollout-options.ts';
import { budgetsOf, layOutSteps, stepsFor } from './rollout-steps.ts';

const NONE: HostAmount = { count: 0 };
const SECONDS = 60;
const CONFIRM_SECONDS = 30;
/** What takes back is bound to what the rollout has made: it may come long after a rollout that was paused. */
const TAKE_BACK_SECONDS = 30 * 24 * 3_600;

/**
 * Freezes what a rollout is: its hosts, its steps, and the very messages, so that who goes on with it needs no keys and sends the same.
 *
 * @throws {PlanError} {@link RequestInvalid}
 */
export async function planRollout(
  observer: FleetObserver,
  plan: RolloutPlan,
  keys: readonly SigningKey[],
): Promise<RolloutStarted> {
  assertSelection(plan.whom);
  const hosts = await hostsOf(observer, plan.whom);
  if (hosts.length === 0) throw new PlanError('there is no host that this would be for');
  const steps = layOutSteps(stepsFor(plan.steps, hosts.length), hosts.length);
  const rolloutId = plan.id ?? newId(plan.ruleset.name);
  const revision = await revisionFor(observer, plan.ruleset, { hosts });
  const expires = longestSeconds(plan, steps.length) + (plan.expiresInSeconds ?? EXPIRES_SECONDS);
  const confirm = plan.confirm === undefined ? {} : { confirm: plan.confirm };
  const ruleset = { ...plan.ruleset, revision };
  const job = { rolloutId, ...confirm, action: 'apply' as const, target: { hosts: [...hosts] }, ruleset };
  const message = await prepareJob(job, keys, expires);
  const jobs = [{ ...recorded(message), hosts: [...hosts] }];
  const { onFailure = 'stop', budgets = {} } = plan;
  return {
    rolloutId,
    ruleset: { name: plan.ruleset.name, revision },
    hosts,
    steps,
    soakSeconds: plan.soakSeconds ?? 0,
    budgets: budgetsOf({ failed: NONE, rolledBack: NONE, silent: NONE, ...budgets }, hosts.length),
    onFailure,
    deliverySeconds: plan.deliverySeconds ?? SECONDS,
    executionSeconds: plan.executionSeconds ?? SECONDS,
    jobs,
    expiresAt: message.expiresAt,
    ...(plan.gates === undefined ? {} : { gates: plan.gates.rules }),
    ...(plan.overrideFreeze === undefined ? {} : { overrideFreeze: plan.overrideFreeze }),
    takeBack:
      onFailure === 'rollback'
        ? await takeBackOf(ruleset, job.target, { rolloutId, keys, expires: TAKE_BACK_SECONDS })
        : null,
  };
}

async function takeBackOf(
  { name, revision, scope = 'chains', ipv4, ipv6 }: RulesetToPush & { revision: number },
  target: { hosts: string[] },
  { rolloutId, keys, expires }: { rolloutId: string; keys: readonly SigningKey[]; expires: number },
): Promise<RolloutStarted['takeBack']> {
  // Only what the rollout did is undone: a host that failed, that had this content before and only drifted, or that somebody has moved
  // on meanwhile, stays as it is.
  const ifDigest = rulesetDigest({ name, scope, ipv4, ipv6 });
  const ruleset = {
    name,
    revision: revision + 1,
    ifRevision: revision,
    ifDigest,
    ifContentRevision: revision,
  };
  const prepare = async (action: 'rollback' | 'remove') =>
    recorded(await prepareJob({ action, target, rolloutId, ruleset }, keys, expires));
  return { rollback: await prepare('rollback'), remove: await prepare('remove') };
}

/** The messages are made before the first step, and must still be good in the last one. */
function longestSeconds(
  { soakSeconds = 0, deliverySeconds = SECONDS, executionSeconds = SECONDS, confirm }: RolloutPlan,
  steps: number,
): number {
  const window = confirm?.mode === 'none' ? 0 : (confirm?.timeoutSeconds ?? CONFIRM_SECONDS);
  return steps * (soakSeconds + deliverySeconds + executionSeconds + window);
}

function recorded({ jobId, contentType, body }: PreparedMessage): RecordedMessage {
  return { jobId, contentType, body: body.toString('base64') };
}

function newId(name: string): string {
  return `${new Date().toISOString().slice(0, 10)}-${name}-${randomBytes(3).toString('hex')}`;
}
