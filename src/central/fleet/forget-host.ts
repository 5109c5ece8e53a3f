import { cloudEventMessage } from '../../broker/publish/event-message.ts';
import { forgottenKey, hostForgotten } from '../../contract/events/host-forgotten.ts';
import { hostControlQueue, hostJobsQueue, OPERATOR_EXCHANGE } from '../../contract/words/names.ts';
import type { Operator } from '../ask/operator.ts';
import { HostIsOnline, NobodyKnown } from '../messages/errors.ts';
import { suggestion } from '../messages/names.ts';

/**
 * Takes a host out of the fleet: deletes its queues with the jobs that wait in them, and says so in the event log.
 *
 * @throws {HostIsOnline} if it answers
 * @throws {NobodyKnown} if it has never been heard of, and has no queue
 * @throws {Error} what the broker said, if the user may not delete its queues
 */
export async function forgetHost(
  operator: Operator,
  hostId: string,
  { signal }: { signal?: AbortSignal | undefined },
): Promise<void> {
  const { link } = operator;
  const { hosts } = await operator.fleet({ signal });
  const known = hosts.get(hostId);
  if (known?.presence === 'online') throw online(hostId);
  const queues: string[] = [];
  for (const queue of [hostJobsQueue(hostId), hostControlQueue(hostId)])
    if ((await link.countIn(queue)) !== null) queues.push(queue);
  if (known === undefined && queues.length === 0)
    throw new NobodyKnown(`no host ${hostId} has been heard of${suggestion(hostId, hosts.keys())}`);
  const message = cloudEventMessage(OPERATOR_EXCHANGE, forgottenKey(hostId), hostForgotten(hostId));
  for (const queue of queues) if (!(await link.deleteUnused(queue))) throw online(hostId);
  await link.publish(message, signal);
}

function online(hostId: string): HostIsOnline {
  return new HostIsOnline(
    `${hostId} is online: stop its worker first, else it comes back with its next heartbeat`,
  );
}
