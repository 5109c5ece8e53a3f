import type { RulesetToPush } from '../../central/ask/options.ts';
import { assertKnown } from '../../central/ask/select.ts';
import type { FleetClient } from '../../central/fleet-client.ts';
import type { HostState } from '../../central/log/fleet-state.ts';
import { PlanError } from '../../central/messages/errors.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import type { RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import { rulesetDigest } from '../../ruleset/digest.ts';

/** What is left to be done of a rollout that has ended. */
interface Unfinished {
  /** In the order of the rollout. */
  hosts: string[];
  record: RolloutStarted;
}

/**
 * The hosts of a rollout that do not have what it brought: they failed, were taken back, did not answer, or were not begun.
 *
 * The ruleset is not taken from there: whoever may write to the log of events would have it signed with the operator's key.
 *
 * @throws {NoSuchRollout} {@link PlanError} if it has not ended, or all is well
 * @throws {NobodyKnown} if one that is to be left out has never been heard of
 */
export async function hostsToRetry(
  client: FleetClient,
  rolloutId: string,
  fleet: ReadonlyMap<string, HostState>,
  { exclude, onlineOnly }: { exclude: readonly string[]; onlineOnly?: true | undefined },
  signal: AbortSignal,
): Promise<Unfinished> {
  const found = await client.findRollout(rolloutId, { signal });
  await found.close();
  const { record, ended } = found.state;
  if (ended === null) {
    throw new PlanError(
      `rollout ${rolloutId} has not ended: go on with it (fleetwall rollout resume ${rolloutId}), or end it first (fleetwall rollout abort ${rolloutId})`,
    );
  }
  assertKnown(exclude, [...fleet.keys(), ...record.hosts]);
  const wanting = record.hosts.filter((host) => !isGoodEnd(ended.hosts[host] ?? 'not_started'));
  if (wanting.length === 0) throw new PlanError(`all hosts of rollout ${rolloutId} have what it brought`);
  const isAsked = (host: string) => onlineOnly !== true || fleet.get(host)?.presence === 'online';
  const hosts = wanting.filter((host) => !exclude.includes(host) && isAsked(host));
  if (hosts.length === 0)
    throw new PlanError(
      `none of the hosts that rollout ${rolloutId} did not reach is left: ${wanting.join(', ')}`,
    );
  return { hosts, record };
}

/** Whether what is sent is a next one of the ruleset that the rollout brought. */
export function isNextOf({ record }: Unfinished, { name, revision }: RulesetToPush): boolean {
  return revision === 'next' && name === record.ruleset.name;
}

/**
 * The revision for the hosts that a rollout did not reach. The same content keeps its number, so that no host is behind another for no
 * reason. Another content is never given that number: the first one may still wait in the queue of a host that was silent.
 */
export function revisionToRetry(
  ruleset: RulesetToPush,
  { hosts, record }: Unfinished,
  fleet: ReadonlyMap<string, HostState>,
): number {
  const { name, scope = 'chains', ipv4, ipv6 } = ruleset;
  const { revision } = record.ruleset;
  const digest = rulesetDigest({ name, scope, ipv4, ipv6 });
  const on = (host: string) => fleet.get(host)?.rulesets.filter((one) => one.name === name) ?? [];
  const had = hosts.flatMap((host) => [
    ...on(host),
    ...(fleet.get(host)?.removed ?? []).filter((one) => one.name === name),
  ]);
  const isSame = record.hosts.some((host) =>
    on(host).some((one) => one.revision === revision && one.digest === digest),
  );
  const highest = Math.max(revision, ...had.map((one) => one.revision));
  const isTaken = hosts.some((host) =>
    on(host).some((one) => one.revision === revision && one.digest !== digest),
  );
  return isSame && highest === revision && !isTaken ? revision : highest + 1;
}
