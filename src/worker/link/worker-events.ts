import { randomUUID } from 'node:crypto';
import { cloudEvent, hostSource } from '../../contract/events/cloud-event.ts';
import type { WorkerEvent } from '../../contract/events/event.ts';
import { endingOf } from '../../job/outcome/ending-of.ts';
import { summariesOf } from '../../job/outcome/list-summaries.ts';
import type { Ports } from '../../job/ports/ports.ts';
import type { RulesetRecord } from '../../job/ports/stores.ts';
import { totalOf } from '../../list/summary.ts';
import type { DriftGuard } from '../upkeep/drift-guard.ts';
import type { JobLanes } from '../upkeep/job-lanes.ts';
import type { MessageAnswers } from './message-answers.ts';
import type { whyUnready } from './why-unready.ts';

export interface WorkerState {
  ports: Ports;
  /** Why jobs would fail here now. */
  unready: () => ReturnType<typeof whyUnready>;
  answers: MessageAnswers;
  waiting: Pick<JobLanes, 'isInHand' | 'endCancelled'>;
  /** `null`: this worker does not look for drift. */
  guard: Pick<DriftGuard, 'inSync'> | null;
}

const MOST_REMOVED = 200;

/** An event of the worker's life: who it is, and what is committed on its host. */
export async function workerEvent(
  type: WorkerEvent['type'],
  { ports, answers, guard, unready: whyNot }: WorkerState,
): Promise<WorkerEvent> {
  const { identity, facts } = ports;
  const { hostId, groups } = identity;
  const records = await listRecords(ports);
  const rulesets = records.flatMap((record) => describe(record, guard));
  const removed = records.flatMap(describeRemoved).slice(-MOST_REMOVED);
  const unready = await whyNot();
  return {
    ...cloudEvent(hostSource(hostId), randomUUID()),
    type,
    data: {
      hostId,
      worker: facts,
      groups: [...groups],
      rulesets,
      removed,
      ...(await describeLists(ports)),
      ...(Object.keys(unready).length === 0 ? {} : { unready }),
      pending: answers.pending,
    },
  };
}

/** The rulesets that are committed, and are to be live, on the host. */
export async function committedRulesets({
  ports,
  guard,
}: WorkerState): Promise<WorkerEvent['data']['rulesets']> {
  return (await listRecords(ports)).flatMap((record) => describe(record, guard));
}

/** What is held of lists; nothing is said where the host cannot hold any. */
async function describeLists(ports: Ports): Promise<Pick<WorkerEvent['data'], 'lists' | 'capabilities'>> {
  if (ports.sets.missing !== null) return {};
  return { lists: await committedLists({ ports }), capabilities: ['lists'] };
}

export async function committedLists({
  ports,
}: Pick<WorkerState, 'ports'>): Promise<NonNullable<WorkerEvent['data']['lists']>> {
  try {
    const found = await summariesOf(ports);
    return found.map(({ name, revision, summary }) => ({
      name,
      revision,
      entries: totalOf(summary),
      digest: summary.digest,
    }));
  } catch (error) {
    ports.log.error({ error }, 'Cannot read the state of the lists');
    return [];
  }
}

/** If the state cannot be read, the list is empty: the worker is there all the same, and each job ends with the reason. */
async function listRecords({ rulesets, log }: Pick<Ports, 'rulesets' | 'log'>): Promise<RulesetRecord[]> {
  try {
    return await rulesets.list();
  } catch (error) {
    log.error({ error }, 'Cannot read the state of the rulesets');
    return [];
  }
}

function describeRemoved({
  name,
  committed,
  live,
}: RulesetRecord): NonNullable<WorkerEvent['data']['removed']> {
  return committed !== null && live === null ? [{ name, revision: committed.revision }] : [];
}

function describe(record: RulesetRecord, guard: WorkerState['guard']): WorkerEvent['data']['rulesets'] {
  const { name, scope, committed, live } = record;
  if (committed === null || live === null) return [];
  return [{ name, ...committed, scope, inSync: guard?.inSync(name) ?? null, ...endingOf(record) }];
}
