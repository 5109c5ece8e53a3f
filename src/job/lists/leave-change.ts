import type { ListSession } from '../ports/list-session.ts';
import { dropSpares } from './live-list.ts';
import { type Draft, isWrittenWhole } from './plan-list.ts';
import type { Written } from './write-list.ts';

/** The ends are on disk: what was there before is not needed any more. */
export async function leaveChange(
  draft: Draft,
  written: Written | null,
  session: ListSession,
): Promise<void> {
  const { name, ports, sets } = session;
  try {
    if (written === 'swapped' || isWrittenWhole(draft)) await dropSpares(name, sets, await sets.headers());
  } catch (error) {
    ports.log.warn({ list: name, error }, 'Cannot take old sets of a list away: it is tried again');
  }
  await closeChange(session);
}

/** Nothing is under way any more. */
export async function closeChange({ name, ports }: ListSession): Promise<void> {
  try {
    await ports.listWatchdogs.of(name).disarm();
    await ports.listJournal.close(name);
  } catch (error) {
    ports.log.error({ error }, 'Cannot close the journal of a list');
  }
}
