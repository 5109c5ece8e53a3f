import type { Ports } from '../../job/ports/ports.ts';
import type { DriftGuard } from './drift-guard.ts';
import type { EndingGuard } from './ending-guard.ts';
import type { ListGuard } from './list-guard.ts';
import { settleAtStart, settleListsAtStart } from './settle-at-start.ts';

/** What has to be done on the host before jobs are taken. */
export interface Beginning {
  /** Before those of lists. */
  lists: Promise<void>;
  /** Before those of rulesets, too. It may take until somebody confirms what an earlier worker has changed, or does not. */
  all: Promise<void>;
}

export function makeReady(
  ports: Ports,
  guard: DriftGuard | null,
  listGuard: ListGuard,
  endings: EndingGuard,
  stop: AbortSignal,
): Beginning {
  const lists = beginLists(ports, listGuard, stop);
  return { lists, all: beginAll(lists, ports, guard, endings, stop) };
}

async function beginLists(ports: Ports, guard: ListGuard, stop: AbortSignal): Promise<void> {
  await settleListsAtStart(ports, stop);
  if (!stop.aborted) await guard.lookAtStart();
  if (!stop.aborted) guard.start();
}

async function beginAll(
  lists: Promise<void>,
  ports: Ports,
  guard: DriftGuard | null,
  endings: EndingGuard,
  stop: AbortSignal,
): Promise<void> {
  await Promise.all([settleAtStart(ports, stop), lists]);
  // What is over is not put back first.
  if (!stop.aborted) await endings.lookAtStart();
  if (!stop.aborted) endings.start();
  // Rules that match a list cannot be put back without it.
  if (!stop.aborted) await guard?.lookAtStart();
  if (!stop.aborted) guard?.start();
}
