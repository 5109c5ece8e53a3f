import { JournalDamaged } from '../../job/ports/pending.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';

/** Errors of the file system, and files that cannot be read, are the state folder's. */
export async function orUnavailable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StateUnavailable || error instanceof JournalDamaged) throw error;
    throw new StateUnavailable(`the state in ${folder} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
