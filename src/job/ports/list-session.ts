import type { Stopwatch } from '../time/stopwatch.ts';
import type { SetHeader } from './lists.ts';
import type { Ports } from './ports.ts';

/** The live sets of the host, for as long as the worker holds the lock of a list. See {@link AddressSets}. */
export interface LiveSets {
  headers(): Promise<Map<string, SetHeader>>;
  read(set: string, each: (text: string, timeout: number) => void): Promise<void>;
  write(lines: string | Uint8Array): Promise<void>;
  destroy(sets: readonly string[]): Promise<void>;
}

/** The right to work on one list of one host, from taking its lock to leaving it. */
export interface ListSession {
  /** The list. */
  name: string;
  ports: Omit<Ports, 'lock' | 'listLocks' | 'firewall' | 'sets'>;
  sets: LiveSets;
  watch: Stopwatch;
  /** @throws {LockLost} if another process may be writing the list */
  assertHeld: () => void;
  /** Does what only waits, such as for an answer: jobs of other lists go on meanwhile. */
  aside: Aside;
}

type Aside = Ports['listTurn']['aside'];

/** Who asks for the lock of a list. */
export interface Asking {
  /** What other processes that wait for the lock are told. */
  purpose: string;
  watch: Stopwatch;
  /** Without this, nobody waits for this one's turn. */
  aside?: Aside;
}

/**
 * Waits for the lock of a list, and does the work while it is held. Who needs several takes them in the order of their names.
 *
 * @throws {LockTimeout} if another process holds the lock for too long
 * @throws {LockLost} if the lock was taken away during the work
 */
export async function withList<T>(
  name: string,
  ports: Ports,
  { purpose, watch, aside = async (work) => await work() }: Asking,
  work: (session: ListSession) => Promise<T>,
): Promise<T> {
  const { sets } = ports;
  return await ports.listLocks.of(name).hold(purpose, async (fence) => {
    const live: LiveSets = {
      headers: async () => await sets.headers(fence),
      read: async (...asked) => await sets.read(fence, ...asked),
      write: async (lines) => await sets.write(fence, lines),
      destroy: async (names) => await sets.destroy(fence, names),
    };
    return await work({ name, ports, sets: live, watch, assertHeld: () => fence.assertHeld(), aside });
  });
}
