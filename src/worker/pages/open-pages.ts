import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { JobInHand } from '../../job/intake/waiting-job.ts';
import { isUndoOwed } from '../../job/settle/owed-undo.ts';
import type { WorkerMetrics } from '../../metrics/worker-metrics.ts';
import type { BrokerLink } from '../link/broker-link.ts';
import { committedLists, committedRulesets, type WorkerState } from '../link/worker-events.ts';
import type { Health } from './health.ts';
import { StatusPages } from './status-pages.ts';

/** `null` if no HTTP address is set. Only where one is set, the library for metrics is loaded: it costs time and memory. */
export async function newMetrics({ httpAddress }: WorkerSettings): Promise<WorkerMetrics | null> {
  if (httpAddress === undefined) return null;
  const { WorkerMetrics } = await import('../../metrics/worker-metrics.ts');
  return new WorkerMetrics();
}

/** `null` if no HTTP address is set. @throws {SetupError} if it cannot listen on that address */
export async function openPages(
  { httpAddress }: WorkerSettings,
  metrics: WorkerMetrics | null,
  health: Health,
  worker: WorkerState & {
    link: BrokerLink;
    waiting: { readonly size: number; readonly inHand: JobInHand | null };
    /** Says whether a list is live as it was committed. */
    listGuard: { inSync(list: string): boolean | null };
  },
): Promise<StatusPages | null> {
  if (httpAddress === undefined || metrics === null) return null;
  const { link, waiting, listGuard } = worker;
  metrics.watch(worker.ports.facts, {
    isConnected: () => link.isConnected,
    isConsuming: () => link.isConsuming,
    connections: () => link.connections,
    unconfirmed: () => link.events.unconfirmed,
    outboxEvents: () => link.events.size,
    jobsWaiting: () => waiting.size,
    runningMs: () => (waiting.inHand === null ? null : performance.now() - waiting.inHand.since),
    isUndoOwed: async () => await isUndoOwed(worker.ports),
    unready: worker.unready,
    rulesets: async () => await committedRulesets(worker),
    lists: async () =>
      (await committedLists(worker)).map((list) => ({ ...list, inSync: listGuard.inSync(list.name) })),
  });
  return await StatusPages.open(httpAddress, { metrics, health });
}
