import { PlanError } from '../../central/fleet/errors.ts';
import type { FleetClient } from '../../central/fleet-client.ts';
import { isGoodEnd } from '../../contract/outcome.ts';

/**
 * The hosts of a rollout that do not have what it brought, in its order: they failed, were taken back, did not answer, or were not begun.
 *
 * The ruleset is not taken from there: whoever may write to the log of events would have it signed with the operator's key.
 *
 * @throws {NoSuchRollout} {@link PlanError} if it has not ended, or all is well
 */
export async function hostsToRetry(
  client: FleetClient,
  rolloutId: string,
  exclude: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const found = await client.findRollout(rolloutId, { signal });
  await found.close();
  const { record, ended } = found.state;
  if (ended === null) {
    throw new PlanError(
      `rollout ${rolloutId} has not ended: go on with it (fleetwall rollout resume ${rolloutId}), or end it first (fleetwall rollout abort ${rolloutId})`,
    );
  }
  const wanting = record.hosts.filter((host) => !isGoodEnd(ended.hosts[host] ?? 'not_started'));
  if (wanting.length === 0) throw new PlanError(`all hosts of rollout ${rolloutId} have what it brought`);
  return wanting.filter((host) => !exclude.includes(host));
}
