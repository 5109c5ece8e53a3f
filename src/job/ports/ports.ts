/** What a job needs of the world: implemented in netfilter/, broker/ and host/, put together in worker/. */
import type { JobCompletedEvent, WorkerFacts } from '../../contract/event.ts';
import type { HostPolicy } from '../../contract/host-policy.ts';
import type { Guardrails } from '../../ruleset/policy/guardrails.ts';
import type { Confirmation } from './confirmation.ts';
import type { EventPublisher } from './events.ts';
import type { Firewall, RulesMonitor } from './firewall.ts';
import type { HostLock } from './host-lock.ts';
import type { KeyRing } from './key-ring.ts';
import type { Log } from './log.ts';
import type { Journal, PendingChange } from './pending.ts';
import type { RecentIds } from './recent-ids.ts';
import type { RehearsalMemory } from './rehearsal-memory.ts';
import type { Sandbox } from './sandbox.ts';
import type {
  AttemptStore,
  BootFiles,
  ContentStore,
  ResultStore,
  RulesetStore,
  UndoneStore,
} from './stores.ts';

export interface HostIdentity {
  hostId: string;
  groups: readonly string[];
  allowUnsigned: boolean;
  signatures: HostPolicy['signatures'];
}

/** Hears of the ends of jobs. One that is told again has the same id again. */
export interface JobMeter {
  ended(event: JobCompletedEvent): void;
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
  sandbox: Sandbox;
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
  told: RecentIds;
  events: EventPublisher;
  meter: JobMeter;
  log: Log;
}
