/** Where rules are tried before they are live: implemented in netfilter/. */
import type { Family } from '../../contract/identifiers.ts';
import type { ObjectNames } from '../../ruleset/trial/objects.ts';

/** An empty network namespace, in which a table can be had without any consequence. */
export interface Rehearsal {
  /** One table, all of it. @throws {RestoreFailed} */
  restore(family: Family, text: string): Promise<void>;
  /** As `iptables-save` prints it, without counters. @throws {RestoreFailed} */
  save(family: Family, table: string): Promise<string>;
  /** … and all tables that there are. @throws {RestoreFailed} */
  saveAll(family: Family): Promise<string>;
  /** As {@link Firewall.listNatively}. */
  listNatively(family: Family, table: string): Promise<string>;
}

export interface Sandbox {
  /**
   * What is to be made of the objects that rules name, as far as the host has them.
   *
   * @throws {SandboxIncomplete} if there is no way to know that
   */
  readObjects(names: ObjectNames): Promise<SandboxObjects>;
  /**
   * Makes a namespace with these objects in it and nothing else, for as long as the work takes.
   *
   * @throws {RehearsalUnavailable} if there is no right to make one
   */
  within<T>(objects: SandboxObjects, work: (rehearsal: Rehearsal) => Promise<T>): Promise<T>;
  /** Resolves once none is going on: before the lock is left, nothing that was started under it goes on. */
  ended(): Promise<void>;
}

export class RehearsalUnavailable extends Error {
  override readonly name = 'RehearsalUnavailable';
}

/** A network namespace of which nothing is left once it is let go, or the worker has died. */
export interface ScratchNamespace {
  /** A process in it. */
  pid: number;
  letGo(): Promise<void>;
}

/** How to make the objects that rules refer to by name; none by default. */
export interface SandboxObjects {
  /** The arguments of `ipset`, for each set. */
  sets: readonly (readonly string[])[];
  /** Names of `nfacct` objects. */
  accounts: readonly string[];
  /** Targets of rules that make rate estimators. */
  estimators: readonly string[];
  /** The arguments of `nfct`, for each time-out policy. */
  timeouts: readonly (readonly string[])[];
}

export const NO_OBJECTS: SandboxObjects = { sets: [], accounts: [], estimators: [], timeouts: [] };

/** A rehearsal cannot know what rules would find on the host. */
export class SandboxIncomplete extends Error {
  override readonly name = 'SandboxIncomplete';
}
