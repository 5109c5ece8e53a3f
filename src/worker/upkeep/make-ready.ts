import type { Ports } from '../../job/ports/ports.ts';
import type { DriftGuard } from './drift-guard.ts';
import type { EndingGuard } from './ending-guard.ts';
import type { JobLanes } from './job-lanes.ts';
import type { ListGuard } from './list-guard.ts';
import { settleAtStart, settleListsAtStart } from './settle-at-start.ts';

/** What has to be done on the host before jobs are taken. */
export interface Beginning {
  /** Before those of lists. */
  lists: Promise<void>;
  /** Before those of rulesets, too. It may take until somebody confirms what an earlier worker has changed, or does not. */
  all: Promise<void>;
  /** When no list waits any more for an answer that an earlier worker waited for. Only the jobs of such a list wait for it. */
  left: Promise<void>;
}

export function makeReady(
  ports: Ports,
  guard: DriftGuard | null,
  listGuard: ListGuard,
  endings: EndingGuard,
  lanes: Pick<JobLanes, 'holdList'>,
  stop: AbortSignal,
): Beginning {
  const begun = beginLists(ports, listGuard, lanes, stop);
  const lists = done(begun);
  return { lists, left: allOf(begun), all: beginAll(lists, ports, guard, listGuard, endings, stop) };
}

async function done(begun: Promise<unknown>): Promise<void> {
  await begun;
}

async function allOf(begun: Promise<Promise<void>[]>): Promise<void> {
  await Promise.all(await begun);
}

/** @returns what goes on for longer */
async function beginLists(
  ports: Ports,
  guard: ListGuard,
  lanes: Pick<JobLanes, 'holdList'>,
  stop: AbortSignal,
): Promise<Promise<void>[]> {
  const left = await settleListsAtStart(ports, stop);
  for (const { name, settled } of left) lanes.holdList(name, settled);
  if (!stop.aborted) await guard.lookAtStart();
  if (!stop.aborted) guard.start();
  return left.map(({ settled }) => settled);
}

async function beginAll(
  lists: Promise<void>,
  ports: Ports,
  guard: DriftGuard | null,
  listGuard: ListGuard,
  endings: EndingGuard,
  stop: AbortSignal,
): Promise<void> {
  await Promise.all([settleAtStart(ports, stop), lists]);
  // What was made for a ruleset goes with it.
  if (!stop.aborted) await listGuard.lookAtLeft();
  // What is over is not put back first.
  if (!stop.aborted) await endings.lookAtStart();
  if (!stop.aborted) endings.start();
  // Rules that match a list cannot be put back without it.
  if (!stop.aborted) await guard?.lookAtStart();
  if (!stop.aborted) guard?.start();
}
