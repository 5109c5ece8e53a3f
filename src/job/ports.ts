/** What a job needs of the world: implemented in netfilter/, broker/ and host/, put together in worker/. */
import type { FleetEvent, WorkerFacts } from '../contract/event.ts';
import type { Family } from '../contract/identifiers.ts';
import type { RehearsalMemory } from './rehearsal-memory.ts';
import type { RestoreFault } from './restore-fault.ts';
import type { BootFiles, ContentStore, ResultStore, RulesetStore } from './state.ts';

/** A message as the broker delivered it. Nothing in it is to be trusted. */
export interface Delivery {
  body: Uint8Array;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  messageId: string | undefined;
  redelivered: boolean;
  /** How often the broker has delivered it, this time included, as far as it tells. */
  attempt: number;
  headers: Record<string, unknown>;
}

/** What the broker is to do with a delivery: it is done with, or it goes to the dead letters. */
export type Settlement = 'acknowledge' | 'dead-letter';

export interface HostIdentity {
  hostId: string;
  groups: readonly string[];
  allowUnsigned: boolean;
}

/**
 * The right to read and write the rules of one network namespace, held. The descriptor is given to every
 * program that does so: the right ends when the last that has it open has ended, however that came.
 */
export interface Fence {
  readonly descriptor: number;
  /** @throws {Error} if another process has taken the lock although this one holds it. */
  assertHeld(): void;
}

export interface HostLock {
  /** @throws {LockTimeout} if somebody else holds it for too long. */
  hold<T>(jobId: string, work: (fence: Fence) => Promise<T>): Promise<T>;
}

export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** The lock was taken away while it was held. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}

/** A restore that failed. The table that it was for is as it was, unless it was ended from outside. */
export class RestoreFailed extends Error {
  override readonly name = 'RestoreFailed';
  readonly fault: RestoreFault;

  constructor(fault: RestoreFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export interface RestoreRequest {
  family: Family;
  /** One table, ending in COMMIT. */
  text: string;
  /** Whether what the text does not name goes. */
  flush: boolean;
}

export interface Firewall {
  /** Tables as `iptables-save -c` prints them; the empty text for one that does not exist. @throws {RestoreFailed} */
  save(fence: Fence, family: Family, table: string): Promise<string>;
  /** @throws {RestoreFailed} */
  restore(fence: Fence, request: RestoreRequest): Promise<void>;
  /** What the kernel has of a table beside what iptables can say of it; `null` where there is no way to tell. */
  listNatively(fence: Fence, family: Family, table: string): Promise<string | null>;
}

/** An empty network namespace, in which a table can be had without any consequence. */
export interface Rehearsal {
  /** One table, all of it. @throws {RestoreFailed} */
  restore(family: Family, text: string): Promise<void>;
  /** As {@link Firewall.save}, without counters. @throws {RestoreFailed} */
  save(family: Family, table: string): Promise<string>;
  /** As {@link Firewall.listNatively}. */
  listNatively(family: Family, table: string): Promise<string>;
}

export interface RehearsalStage {
  /** Definitions of those of the host's ipsets that there are, without their members. */
  readSets(names: readonly string[]): Promise<string>;
  /**
   * Makes an empty namespace with the sets in it, for as long as the work takes.
   *
   * @throws {RehearsalUnavailable} if there is no right to make one
   */
  within<T>(sets: string, work: (rehearsal: Rehearsal) => Promise<T>): Promise<T>;
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

export interface EventPublisher {
  /** Resolves once the broker has confirmed the event. `headers` are carried over. */
  publish(event: FleetEvent, headers?: Record<string, unknown>): Promise<void>;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Ports {
  identity: HostIdentity;
  facts: WorkerFacts;
  lock: HostLock;
  firewall: Firewall;
  stage: RehearsalStage;
  rehearsals: RehearsalMemory;
  rulesets: RulesetStore;
  contents: ContentStore;
  boot: BootFiles;
  results: ResultStore;
  events: EventPublisher;
  log: Log;
}
