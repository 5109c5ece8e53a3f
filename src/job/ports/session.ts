import type { Family } from '../../contract/identifiers.ts';
import type { Table } from '../../ruleset/model.ts';
import type { RestoreRequest } from './firewall.ts';
import type { Fence } from './host-lock.ts';
import type { Ports } from './ports.ts';
import type { Stopwatch } from './stopwatch.ts';

/** The rules of the host as they are live, for as long as its lock is held. */
export interface LiveRules {
  /** As {@link Firewall.read}. */
  read(family: Family, table: string, chains: ReadonlySet<string>): Promise<Table | undefined>;
  /** As {@link Firewall.restore}. @throws {LockLost} if another process has taken the lock by then */
  restore(request: RestoreRequest): Promise<void>;
  /** As {@link Firewall.listNatively}. */
  listNatively(family: Family, table: string): Promise<string | null>;
}

/**
 * The right to work on one host, from the moment that its lock was had until it is let go: there is no other way to its live
 * rules, and none to this without the lock.
 */
export class HostSession {
  readonly ports: Omit<Ports, 'lock' | 'firewall'>;
  readonly rules: LiveRules;
  /** Of the job, or of whatever else is done. */
  readonly watch: Stopwatch;

  private constructor(ports: Ports, watch: Stopwatch, fence: Fence) {
    this.ports = ports;
    this.rules = liveRules(ports, fence);
    this.watch = watch;
  }

  /**
   * Waits for the lock, and works while it is held.
   *
   * @param purpose what others who wait for it are told, such as `job ID`
   * @throws {LockTimeout} if somebody else holds it for too long
   * @throws {LockLost} if it was taken away meanwhile: others may be at the rules
   */
  static async begin<T>(
    ports: Ports,
    purpose: string,
    watch: Stopwatch,
    work: (session: HostSession) => Promise<T>,
  ): Promise<T> {
    return await ports.lock.hold(purpose, async (fence) => await work(new HostSession(ports, watch, fence)));
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
