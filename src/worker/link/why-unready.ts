import type { WorkerState as ToldState } from '../../contract/events/event.ts';
import { missingRights } from '../../host/rights.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { isUndoOwed } from '../../job/settle/owed-undo.ts';

export interface Examined {
  ports: Pick<Ports, 'journal' | 'listJournal' | 'results' | 'rulesets'>;
  /** @throws {StateUnavailable} if the state folder takes nothing */
  assertUsable: () => Promise<void>;
}

const UNDO =
  'a change that failed is still to be taken back, and no other may be made before: its end and the log of the worker say why';

/**
 * Why this host would fail the jobs that it is sent, by what is wrong: only what does not pass by itself, and can be seen without a program
 * that reads all rules.
 *
 * @returns nothing, if it would do them
 */
export async function whyUnready({
  ports,
  assertUsable,
}: Examined): Promise<NonNullable<ToldState['unready']>> {
  const rights = await missingRights();
  const state = await reasonOf(async () => {
    await assertUsable();
    await ports.rulesets.list();
  });
  return {
    ...(state === null ? {} : { state }),
    ...((await isUndoOwed(ports)) === true ? { undo: UNDO } : {}),
    ...(rights.length === 0
      ? {}
      : { rights: `missing: ${rights.map(({ name, why }) => `${name} (${why})`).join(', ')}` }),
  };
}

async function reasonOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
