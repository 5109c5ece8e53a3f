import { randomUUID } from 'node:crypto';
import type { FleetEvent, WorkerEvent } from '../../src/contract/events/event.ts';
import type { Job } from '../../src/contract/jobs/job.ts';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';

/** The event of a job's end, as `OUTCOME` or `OUTCOME CODE`; or of its start, if `end` is `null`. */
export function jobEventOf(
  host: string,
  { id, action }: Pick<Job, 'id' | 'action'>,
  end: string | null,
): FleetEvent {
  const { worker, failure, ...rest } = COMPLETED_EXAMPLE.data;
  const own = { hostId: host, jobId: id, action, worker };
  const source = `/fleetwall/hosts/${host}`;
  const head = { ...COMPLETED_EXAMPLE, source, id: `${host}/${id}/${end}`, subject: id };
  if (end === null) {
    const data = { ...own, rolloutId: null, ruleset: null };
    return { ...head, type: 'fleetwall.job.started', data };
  }
  const [outcome, code] = end.split(' ');
  const data = { ...rest, ...own, outcome, failure: code === undefined ? null : { ...failure, code } };
  return { ...head, data } as FleetEvent;
}

export function workerEventOf(hostId: string, groups: string[], type: WorkerEvent['type']): FleetEvent {
  const { specversion, datacontenttype, data } = COMPLETED_EXAMPLE;
  return {
    specversion,
    datacontenttype,
    id: randomUUID(),
    source: `/fleetwall/hosts/${hostId}`,
    time: new Date().toISOString(),
    type,
    data: { hostId, worker: data.worker, groups, rulesets: [], pending: null },
  };
}

/** Somebody else has changed what the ruleset has on the host. */
export function driftEventOf(hostId: string, name: string): FleetEvent {
  const { specversion, datacontenttype, data } = COMPLETED_EXAMPLE;
  return {
    specversion,
    datacontenttype,
    id: randomUUID(),
    source: `/fleetwall/hosts/${hostId}`,
    time: new Date().toISOString(),
    type: 'fleetwall.drift.detected',
    data: {
      hostId,
      worker: data.worker,
      ruleset: { name, revision: 7 },
      diff: { added: 0, removed: 1, unchanged: 1, tables: [] },
      by: null,
    },
  };
}
