import { randomUUID } from 'node:crypto';
import type { WorkerEvent } from '../contract/event.ts';
import type { Ports } from '../job/ports.ts';
import type { RulesetRecord } from '../job/state.ts';

/** An event of the worker's life: who it is, and what is committed on its host. */
export async function workerEvent(
  type: WorkerEvent['type'],
  { identity, facts, rulesets }: Ports,
): Promise<WorkerEvent> {
  const { hostId, groups } = identity;
  const records = await rulesets.list();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/fleetwall/hosts/${hostId}`,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    type,
    data: { hostId, worker: facts, groups: [...groups], rulesets: records.flatMap(describe), pending: null },
  };
}

function describe({ name, scope, committed, live }: RulesetRecord): WorkerEvent['data']['rulesets'] {
  return committed === null || live === null ? [] : [{ name, ...committed, scope, inSync: null }];
}
