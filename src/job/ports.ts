/** What a job needs of the world: implemented in netfilter/, broker/ and host/, put together in worker/. */
import type { FleetEvent, JobCompletedEvent, WorkerFacts } from '../contract/event.ts';
import type { Digest, Family, Revision, RulesetName, Scope } from '../contract/identifiers.ts';
import type { Claims } from '../ruleset/claims.ts';
import type { PerFamily } from '../ruleset/tables.ts';
import type { RehearsalMemory } from './rehearsal-memory.ts';
import type { RestoreFault } from './restore-fault.ts';

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

/** What is on a host of one ruleset, and what it may hold if a change was cut short. */
export interface RulesetRecord {
  name: RulesetName;
  scope: Scope;
  /** The highest committed revision and its digest. */
  committed: { revision: Revision; digest: Digest } | null;
  /** What is committed to be live: the texts as they were sent, and as the kernel wrote them after the apply. */
  live: {
    sent: Partial<PerFamily<string>>;
    saved: PerFamily<string>;
    /** Which kernel and iptables spelled it so: another may spell it otherwise. */
    spelledBy: string;
  } | null;
  claims: Claims;
}

/** @throws {StateUnavailable} from each, if the state folder cannot be read or written. */
export interface RulesetStore {
  list(): Promise<RulesetRecord[]>;
  put(record: RulesetRecord): Promise<void>;
}

export interface ResultStore {
  find(jobId: string): Promise<JobCompletedEvent | null>;
  put(jobId: string, event: JobCompletedEvent): Promise<void>;
  /** Forgets what is older than has to be remembered. */
  prune(): Promise<void>;
}

export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable';
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
  results: ResultStore;
  events: EventPublisher;
  log: Log;
}

/** Runs a program by its argument list: no shell, a minimal environment, a time limit, bounded output. */
export type RunCommand = (request: CommandRequest) => Promise<CommandResult>;

export interface CommandRequest {
  /** An absolute path. */
  file: string;
  args: readonly string[];
  input?: string;
  /** Beside what every program gets. */
  environment?: Record<string, string>;
  /** Given to the program as descriptor 3. */
  descriptor?: number;
  timeoutMs: number;
  /** The program's standard output is cut there, and `truncated` says so. */
  maxStdoutBytes?: number;
}

export interface CommandResult {
  /** `null` if it was ended by a signal, or could not be started. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  truncated: boolean;
  /** Why it could not be started; `null` if it was. */
  startError: string | null;
}
