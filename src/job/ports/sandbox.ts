/** How rules are tried before they go live. Implemented in netfilter/. */
import type { Family } from '../../contract/words/identifiers.ts';
import type { ObjectNames } from '../../ruleset/trial/objects.ts';

/** An empty network namespace. Tables restored in it have no effect on the host. */
export interface Rehearsal {
  /** Restores one whole table. @throws {RestoreFailed} */
  restore(family: Family, text: string): Promise<void>;
  /** Returns the table as `iptables-save` prints it, without counters. @throws {RestoreFailed} */
  save(family: Family, table: string): Promise<string>;
  /** Returns all tables that exist, printed in the same way, or with counters. @throws {RestoreFailed} */
  saveAll(family: Family, more?: { counters: boolean }): Promise<string>;
  /** As {@link Firewall.listNatively}. */
  listNatively(family: Family, table: string): Promise<string>;
}

/** What is known of the work in a namespace, and may make it faster. */
export interface Expected {
  /** Each restore is of the same table. */
  isOneTable: boolean;
  /** The other family is probably not asked for. */
  isOneFamily: boolean;
}

export interface Sandbox {
  /**
   * Reads how to make the objects that rules name. Leaves out those that the host does not have.
   *
   * @throws {SandboxIncomplete} if the worker cannot know what the host has
   */
  readObjects(names: ObjectNames): Promise<SandboxObjects>;
  /**
   * Makes a namespace with only these objects in it, and keeps it until the work is done.
   *
   * @throws {RehearsalUnavailable} if the worker has no right to make a namespace
   */
  within<T>(
    objects: SandboxObjects,
    work: (rehearsal: Rehearsal) => Promise<T>,
    expected?: Expected,
  ): Promise<T>;
  /** Resolves when no rehearsal is running. Nothing that was started under the lock may still run when the lock is left. */
  ended(): Promise<void>;
}

export class RehearsalUnavailable extends Error {
  override readonly name = 'RehearsalUnavailable';
}

/** A network namespace that disappears when it is let go, or when the worker dies. */
export interface ScratchNamespace {
  /** A process that runs in the namespace. */
  pid: number;
  letGo(): Promise<void>;
}

/** How to make the objects that rules name. Empty lists: there are none to make. */
export interface SandboxObjects {
  /** The arguments of `ipset`, one list for each set. */
  sets: readonly (readonly string[])[];
  /** The names of `nfacct` objects. */
  accounts: readonly string[];
  /** The targets (`-j RATEEST …`) of rules that make rate estimators. */
  estimators: readonly string[];
  /** The arguments of `nfct`, one list for each time-out policy. */
  timeouts: readonly (readonly string[])[];
}

export const NO_OBJECTS: SandboxObjects = { sets: [], accounts: [], estimators: [], timeouts: [] };

/** The worker cannot know what the rules would find on the host, and so cannot rehearse them. */
export class SandboxIncomplete extends Error {
  override readonly name = 'SandboxIncomplete';
}
