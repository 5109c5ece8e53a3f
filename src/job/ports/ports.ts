import type { JobCompletedEvent, WorkerFacts } from '../../contract/events/event.ts';
import type { HostPolicy } from '../../contract/jobs/host-policy.ts';
import type { Guardrails } from '../../ruleset/policy/guardrails.ts';
import type { Turn } from '../time/turn.ts';
import type { Confirmation } from './confirmation.ts';
import type { EventPublisher } from './events.ts';
import type { Firewall, RulesMonitor } from './firewall.ts';
import type { HostClock } from './host-clock.ts';
import type { HostLock } from './host-lock.ts';
import type { KeyRing } from './key-ring.ts';
import type { AddressSets, FlowCutter, ListJournal, ListStore, NeverNetworks, PerList } from './lists.ts';
import type { Log } from './log.ts';
import type { Packets } from './packets.ts';
import type { Journal, PendingChange } from './pending.ts';
import type { RecentIds } from './recent-ids.ts';
import type { RehearsalMemory } from './rehearsal-memory.ts';
import type { Sandbox } from './sandbox.ts';
import type {
  AttemptStore,
  BootFiles,
  CancelStore,
  ContentStore,
  ResultStore,
  RulesetStore,
  UndoneStore,
} from './stores.ts';

/** Who this host is, and whether it takes unsigned jobs. */
export interface HostIdentity {
  hostId: string;
  groups: readonly string[];
  allowUnsigned: boolean;
  signatures: HostPolicy['signatures'];
}

/** Counts the ends of jobs. The same end may come again; then it has the same event id. */
export interface JobMeter {
  ended(event: JobCompletedEvent): void;
}

/** A separate process that outlives the worker. It ends a pending change if the worker has died and nobody else has ended it. */
export interface Watchdog {
  /** @throws {Error} if the watchdog process cannot be started */
  arm(change: Pick<PendingChange, 'job'>, afterSeconds: number): Promise<void>;
  disarm(): Promise<void>;
}

/** Works between jobs: tries owed undos again, and publishes those that have succeeded. */
export interface Caretaker {
  /** Tells the caretaker that it has something to do. */
  wake(): void;
}

export interface Ports {
  identity: HostIdentity;
  /** The keys whose owners may command this host. */
  ring: KeyRing;
  /** What this host lets jobs do to its rules, whoever signed them. `null`: no limits. */
  guardrails: Guardrails | null;
  facts: WorkerFacts;
  /** The boot and the network namespace: rules do not outlive either. */
  place: string;
  clock: HostClock;
  lock: HostLock;
  firewall: Firewall;
  monitor: RulesMonitor;
  sandbox: Sandbox;
  packets: Packets;
  /** What packets must do on this host, whichever of its rulesets changes. */
  policyTests: HostPolicy['tests'];
  rehearsals: RehearsalMemory;
  rulesets: RulesetStore;
  contents: ContentStore;
  boot: BootFiles;
  journal: Journal;
  watchdog: Watchdog;
  caretaker: Caretaker;
  /**
   * The right to change a list. It is held while the list waits to be confirmed, and keeps no other list, and no ruleset that does not
   * match it. Whoever has both took `lock` first.
   */
  listLocks: PerList<HostLock>;
  /** Of the jobs of lists, one at a time works: whoever of them only waits gives the turn away. */
  listTurn: Pick<Turn, 'aside'>;
  sets: AddressSets;
  flows: FlowCutter;
  lists: ListStore;
  listJournal: ListJournal;
  listWatchdogs: PerList<Watchdog>;
  never: NeverNetworks;
  /** Whether a check says what its change opens and closes. Packets are sent for that. */
  tellsReach: boolean;
  confirmation: Confirmation;
  results: ResultStore;
  undone: UndoneStore;
  cancels: CancelStore;
  attempts: AttemptStore;
  /** Jobs of which the broker has confirmed the end to this process. */
  confirmedEnds: RecentIds;
  events: EventPublisher;
  meter: JobMeter;
  log: Log;
}
