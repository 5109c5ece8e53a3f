import type { Family } from '../../contract/words/identifiers.ts';
import type { Table } from '../../ruleset/model.ts';
import type { Stopwatch } from '../time/stopwatch.ts';
import type { RestoreRequest } from './firewall.ts';
import type { Fence } from './host-lock.ts';
import type { Ports } from './ports.ts';

/** The live rules of the host, for as long as the worker holds the lock. */
export interface LiveRules {
  /** As {@link Firewall.read}. */
  read(family: Family, table: string, chains: ReadonlySet<string>): Promise<Table | undefined>;
  /** As {@link Firewall.restore}. @throws {LockLost} if another process has taken the lock */
  restore(request: RestoreRequest): Promise<void>;
  /** As {@link Firewall.listNatively}. */
  listNatively(family: Family, table: string): Promise<string | null>;
}

/** The reading part, which a look without the lock has, too. */
export type RulesReader = Pick<LiveRules, 'read'>;

/**
 * The right to work on one host, from taking its lock to leaving it. Only a session gives access to the live rules, and only the
 * lock gives a session.
 */
export class HostSession {
  readonly ports: Omit<Ports, 'lock' | 'firewall'>;
  readonly rules: LiveRules;
  /** Measures the job, or whatever other work the session does. */
  readonly watch: Stopwatch;
  #later: (() => Promise<void>)[] = [];

  private constructor(ports: Ports, watch: Stopwatch, fence: Fence) {
    this.ports = ports;
    this.rules = liveRules(ports, fence);
    this.watch = watch;
  }

  /**
   * Waits for the lock, and does the work while it is held.
   *
   * @param purpose what other processes that wait for the lock are told, such as `job ID`
   * @throws {LockTimeout} if another process holds the lock for too long
   * @throws {LockLost} if the lock was taken away during the work: another process may be writing the rules
   */
  static async begin<T>(
    ports: Ports,
    purpose: string,
    watch: Stopwatch,
    work: (session: HostSession) => Promise<T>,
  ): Promise<T> {
    return await ports.lock.hold(purpose, async (fence) => {
      const session = new HostSession(ports, watch, fence);
      const done = await work(session);
      await session.tidy();
      return done;
    });
  }

  /**
   * Notes what is to be taken away that nobody needs any more: that is done once the work has ended, and before the lock is left. Where
   * the work fails, it is left to the next change.
   *
   * @param work does not reject
   */
  later(work: () => Promise<void>): void {
    this.#later.push(work);
  }

  /** Does what was put off ({@link later}). */
  async tidy(): Promise<void> {
    for (const work of this.#later.splice(0)) await work();
  }
}

function liveRules({ firewall }: Ports, fence: Fence): LiveRules {
  return {
    read: async (...asked) => await firewall.read(fence, ...asked),
    restore: async (request) => {
      fence.assertHeld();
      await firewall.restore(fence, request);
    },
    listNatively: async (...asked) => await firewall.listNatively(fence, ...asked),
  };
}
