import { JournalDamaged } from '../../job/ports/pending.ts';
import { messageOf } from '../../job/ports/shortage.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';

/** Does work on the state folder. @throws {StateUnavailable} for any error of it but {@link JournalDamaged} */
export async function orUnavailable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StateUnavailable || error instanceof JournalDamaged) throw error;
    throw new StateUnavailable(`the state in ${folder} cannot be used: ${messageOf(error as Error)}`, {
      cause: error,
    });
  }
}
