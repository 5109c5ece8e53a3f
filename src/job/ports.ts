/** What a job needs of the world: implemented in netfilter/, broker/ and host/, put together in worker/. */
import type { FleetEvent, JobCompletedEvent, WorkerFacts, Writer } from '../contract/event.ts';
import type { HostPolicy } from '../contract/host-policy.ts';
import type { Family } from '../contract/identifiers.ts';
import type { Guardrails } from '../ruleset/guardrails.ts';
import type { Table } from '../ruleset/model.ts';
import type { Confirmation } from './confirmation.ts';
import type { KeyRing } from './envelope.ts';
import type { Journal, PendingChange } from './pending.ts';
import type { RehearsalMemory } from './rehearsal-memory.ts';
import type { RestoreFault } from './restore-fault.ts';
import type { RehearsalStage } from './stage.ts';
import type { BootFiles, ContentStore, ResultStore, RulesetStore, UndoneStore } from './state.ts';
import type { ToldJobs } from './told-jobs.ts';

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
  /** Aborted once the broker has taken it back: it will come again, whatever is answered. */
  gone: AbortSignal;
}

/** What the broker is to do with a delivery: it is done with, or it goes to the dead letters. */
export type Settlement = 'acknowledge' | 'dead-letter';

export interface HostIdentity {
  hostId: string;
  groups: readonly string[];
  allowUnsigned: boolean;
  signatures: HostPolicy['signatures'];
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
  /** This process has it, or waits for it. */
  readonly isBusy: boolean;
  /**
   * @param purpose what others who wait for it are told, such as `job ID`
   * @throws {LockTimeout} if somebody else holds it for too long.
   */
  hold<T>(purpose: string, work: (fence: Fence) => Promise<T>): Promise<T>;
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
  /**
   * A table as it is live, with counters; `undefined`: it does not exist. Where each rule begins and ends, and which chain an odd one
   * of others jumps to, is what iptables itself says, whatever the text looks like.
   *
   * @param chains those of which it has to be known who jumps to them
   * @throws {RestoreFailed}
   */
  read(fence: Fence, family: Family, table: string, chains: ReadonlySet<string>): Promise<Table | undefined>;
  /** @throws {RestoreFailed} */
  restore(fence: Fence, request: RestoreRequest): Promise<void>;
  /** What the kernel has of a table beside what iptables can say of it; `null` where there is no way to tell. */
  listNatively(fence: Fence, family: Family, table: string): Promise<string | null>;
}

export interface EventPublisher {
  /**
   * Resolves once the broker has confirmed the event; rejects if it has not, and then the event is published later, if it
   * is one of a job or of drift. `headers` are carried over.
   */
  publish(event: FleetEvent, headers?: Record<string, unknown>): Promise<void>;
}

/** An event that the broker has not confirmed. */
export interface KeptEvent {
  /** Gives the order. */
  sequence: number;
  event: FleetEvent;
  headers: Record<string, unknown>;
}

/** @throws {StateUnavailable} from each */
export interface OutboxStore {
  /** In order. */
  list(): Promise<KeptEvent[]>;
  put(event: KeptEvent): Promise<void>;
  remove(event: KeptEvent): Promise<void>;
}

/** How often messages were begun that have not ended. @throws {StateUnavailable} from each */
export interface AttemptStore {
  count(body: Uint8Array): Promise<number>;
  put(body: Uint8Array, count: number): Promise<void>;
  forget(body: Uint8Array): Promise<void>;
}

/** Hears of the ends of jobs. One that is told again has the same id again. */
export interface JobMeter {
  ended(event: JobCompletedEvent): void;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Follows what is written to the rules. */
export interface RulesMonitor {
  /** `heard` is called after each write, with who made it as far as the kernel tells. */
  start(heard: (by: Writer | null) => void): void;
  stop(): void;
}

/** Ends a change that nobody else has ended, if this process should be no more: a process of its own that outlives it. */
export interface Watchdog {
  /** @throws {Error} if it cannot be started */
  arm(change: PendingChange, afterSeconds: number): Promise<void>;
  disarm(): Promise<void>;
}

/** Does what is left to be done when no job is run: tries owed undos again, and tells of those that have succeeded. */
export interface Caretaker {
  /** There is something to be done. */
  wake(): void;
}

export interface Ports {
  identity: HostIdentity;
  /** Who may command the host. */
  ring: KeyRing;
  /** What it lets be done to its rules, whoever asks; `null` if that is anything. */
  guardrails: Guardrails | null;
  facts: WorkerFacts;
  /** The boot and the network namespace: rules do not outlive either. */
  place: string;
  lock: HostLock;
  firewall: Firewall;
  monitor: RulesMonitor;
  stage: RehearsalStage;
  rehearsals: RehearsalMemory;
  rulesets: RulesetStore;
  contents: ContentStore;
  boot: BootFiles;
  journal: Journal;
  watchdog: Watchdog;
  caretaker: Caretaker;
  confirmation: Confirmation;
  results: ResultStore;
  undone: UndoneStore;
  attempts: AttemptStore;
  told: ToldJobs;
  events: EventPublisher;
  meter: JobMeter;
  log: Log;
}
