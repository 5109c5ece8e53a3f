import type { HostAnswers } from '../../central/ask/options.ts';
import type { FleetClient } from '../../central/fleet-client.ts';
import { suggestion } from '../../central/messages/names.ts';
import type { RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import { printAside } from '../terminal/print.ts';
import { sayUnknown } from './say-unknown.ts';
import type { SentJobs } from './sent-jobs.ts';
import { nameHosts } from './show-answers.ts';

/** Of a host that was heard of. */
const NO_QUEUE_NOW =
  'the broker has no queue for it now: it was deleted, or it is a classic queue on a node of the broker that is down. Nothing waits for it';

/** Says of hosts that nobody has ever heard of whom they may have been meant for. @returns these */
export async function tellUnknown(
  named: readonly string[],
  client: FleetClient,
  signal: AbortSignal,
): Promise<string[]> {
  const { hosts } = await client.fleet({ signal });
  const unknown = named.filter((host) => !hosts.has(host));
  for (const line of sayUnknown({ hosts: unknown }, hosts)) printAside(`${line}\n`);
  return unknown;
}

/** What becomes of the jobs of a rollout on hosts that gave no answer, for as long as these wait there. */
export function queuedOf(
  { jobs, expiresAt, takeBack }: Pick<RolloutStarted, 'jobs' | 'expiresAt' | 'takeBack'>,
  silent: readonly string[],
): string[] {
  // What takes it back waits behind it. The first rollouts did not say how long it waits.
  if (takeBack !== null || expiresAt === undefined || Date.parse(expiresAt) < Date.now()) return [];
  return jobs.flatMap(({ jobId, hosts }) => {
    const own = hosts.filter((host) => silent.includes(host));
    return own.length === 0 ? [] : [tellQueued(own, jobId, expiresAt)];
  });
}

function tellQueued(hosts: readonly string[], jobId: string, expiresAt: string): string {
  return `still queued on ${nameHosts(hosts)} until ${expiresAt}: fleetwall cancel ${jobId}`;
}

/** Says of hosts that gave no answer what becomes of their job, and of those that nobody knows whom they may have been meant for. */
export async function tellUnheard(
  answers: HostAnswers,
  sent: Pick<SentJobs, 'lastOf'>,
  client: FleetClient,
  signal: AbortSignal,
): Promise<void> {
  const ended = (wanted: string) =>
    [...answers].filter(([, { end, untaken }]) => end === wanted && untaken !== true).map(([host]) => host);
  for (const { jobId, expiresAt, hosts } of sent.lastOf(ended('silent')))
    printAside(`${tellQueued(hosts, jobId, expiresAt)}\n`);
  const unknown = ended('unroutable');
  if (unknown.length === 0) return;
  const { hosts } = await client.fleet({ signal });
  for (const host of unknown)
    printAside(
      hosts.has(host)
        ? `${host}: ${NO_QUEUE_NOW}\n`
        : `${host} has no queue on the broker${suggestion(host, hosts.keys())}\n`,
    );
}
