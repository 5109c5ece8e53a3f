import type { Stopwatch } from '../time/stopwatch.ts';
import type { SetHeader } from './lists.ts';
import type { Ports } from './ports.ts';

/** The live sets of the host, for as long as the worker holds the lock of lists. See {@link AddressSets}. */
export interface LiveSets {
  headers(): Promise<Map<string, SetHeader>>;
  read(set: string, each: (text: string, ends: boolean) => void): Promise<void>;
  write(lines: string): Promise<void>;
  destroy(sets: readonly string[]): Promise<void>;
}

/** The right to work on the lists of one host, from taking their lock to leaving it. */
export interface ListSession {
  ports: Omit<Ports, 'lock' | 'listLock' | 'firewall' | 'sets'>;
  sets: LiveSets;
  watch: Stopwatch;
  /** @throws {LockLost} if another process may be writing the lists */
  assertHeld: () => void;
}

/**
 * Waits for the lock of lists, and does the work while it is held.
 *
 * @throws {LockTimeout} if another process holds the lock for too long
 * @throws {LockLost} if the lock was taken away during the work
 */
export async function withLists<T>(
  ports: Ports,
  purpose: string,
  watch: Stopwatch,
  work: (session: ListSession) => Promise<T>,
): Promise<T> {
  const { sets } = ports;
  return await ports.listLock.hold(purpose, async (fence) => {
    const live: LiveSets = {
      headers: async () => await sets.headers(fence),
      read: async (...asked) => await sets.read(fence, ...asked),
      write: async (lines) => await sets.write(fence, lines),
      destroy: async (names) => await sets.destroy(fence, names),
    };
    return await work({ ports, sets: live, watch, assertHeld: () => fence.assertHeld() });
  });
}
