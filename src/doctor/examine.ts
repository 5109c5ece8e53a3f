import { SetupError } from '../config/setup-error.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { runCommand } from '../host/run-command.ts';
import type { Log } from '../job/ports/log.ts';
import { openNamespace } from '../netfilter/tables/namespace.ts';
import { findPrograms } from '../netfilter/tables/programs.ts';
import { examineAuthority } from './check-authority.ts';
import { examineBroker } from './check-broker.ts';
import { examineClock } from './check-clock.ts';
import { examineDrift } from './check-drift.ts';
import { examineIptables } from './check-iptables.ts';
import { examineIpv6 } from './check-ipv6.ts';
import { examineKernel } from './check-kernel.ts';
import { examineListOrder } from './check-list-order.ts';
import { examineLocks } from './check-locks.ts';
import { examineManagers } from './check-managers.ts';
import { examineRights } from './check-rights.ts';
import { examineState } from './check-state.ts';
import { examineTables } from './check-tables.ts';
import { type Examined, type Finding, failure, ok } from './finding.ts';

/** In an order in which each check comes after those that it builds on. */
const CHECKS: readonly [string, (host: Examined) => Promise<Finding[]>][] = [
  ['rights', examineRights],
  ['iptables', examineIptables],
  ['kernel', examineKernel],
  ['ipv6', examineIpv6],
  ['tables', examineTables],
  ['others', examineManagers],
  ['lists', examineListOrder],
  ['lock', examineLocks],
  ['state', examineState],
  ['drift', examineDrift],
  ['authority', examineAuthority],
  ['broker', examineBroker],
  ['clock', examineClock],
];

export type NamedFinding = Finding & { check: string };

/**
 * Looks at everything that a worker with these settings needs on this host, and changes nothing. Yields each finding as it comes.
 * A check that cannot be made is a failure; the other checks are made all the same.
 */
export async function* examine(settings: WorkerSettings, log: Log): AsyncGenerator<NamedFinding> {
  const host = await prepare(settings, log);
  if ('verdict' in host) {
    yield { check: 'host', ...host };
    for (const finding of await examineRights()) yield { check: 'rights', ...finding };
    return;
  }
  yield { check: 'host', ...ok(`${settings.hostId}, ${placeOf(settings)}`) };
  for (const [check, look] of CHECKS) {
    for (const finding of await findingsOf(look, host)) yield { check, ...finding };
  }
}

/** Opens the namespace and finds the programs. Without them there is nothing to look at, and the reason is the only finding. */
async function prepare(settings: WorkerSettings, log: Log): Promise<Examined | Finding> {
  const run = runCommand;
  try {
    const namespace = await openNamespace(settings.netns ?? null);
    return { settings, run, namespace, programs: await findPrograms(settings.backend, run), log };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return failure(error.message, 'the worker will not start before that is mended');
  }
}

async function findingsOf(look: (host: Examined) => Promise<Finding[]>, host: Examined): Promise<Finding[]> {
  try {
    return await look(host);
  } catch (error) {
    return [failure(`cannot be looked at: ${(error as Error).message}`, 'mend that, and look again')];
  }
}

function placeOf({ netns, groups }: WorkerSettings): string {
  const where = netns === undefined ? 'its own network namespace' : `network namespace ${netns}`;
  return `${where}; groups: ${groups.join(', ') || 'none'}`;
}
