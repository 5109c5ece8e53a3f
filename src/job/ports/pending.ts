import type { Diff, Outcome } from '../../contract/event.ts';
import type { Digest, Scope } from '../../contract/identifiers.ts';
import type { Job } from '../../contract/job.ts';
import type { Claims } from '../../ruleset/plan/claims.ts';
import type { PerFamily, TableRef } from '../../ruleset/tables.ts';
import type { RulesetRecord } from './stores.ts';

/** What an event tells of the job that it is about. */
export type JobBrief = Pick<Job, 'id' | 'action' | 'issuedAt' | 'rolloutId'>;

/** How a job came here. */
export interface JobOrigin {
  attempt: number;
  redelivered: boolean;
  /** Signed by a key that is trusted with it. */
  authenticated: boolean;
  /** RFC 3339. */
  deliveredAt: string;
  /** Carried over to each event of the job. */
  headers: Record<string, string>;
}

/** A change that has begun, as the journal has it: whoever finds it knows how to end it, either way. */
export interface PendingChange {
  job: JobBrief;
  origin: JobOrigin;
  ruleset: { name: string; revision: number; digest: Digest | null; scope: Scope };
  /** How the job ends if the change stays. */
  outcome: Outcome;
  diff: Diff;
  /** The boot and the network namespace whose rules are changed: after a restart of the host they are gone. */
  place: string;
  /** What of the host may be this ruleset's while the change is under way. */
  claims: Claims;
  tables: TableRef[];
  /** `null` until the change is applied and verified, and waits to be confirmed. */
  window: ConfirmWindow | null;
  /** `null` unless the job has ended without its change being taken back, which is made up for as soon as that can be. */
  owed: OwedUndo | null;
}

/** The end of the job is known, and was `undo_failed`: from then on it is not told again, and the undo is only tried. */
interface OwedUndo {
  /** RFC 3339. */
  since: string;
}

/** One that waits to be confirmed. */
export interface OpenChange extends PendingChange {
  window: ConfirmWindow;
}

/** Time for a change to prove itself. When it is over and nobody has said yes, the change is taken back. */
interface ConfirmWindow {
  mode: 'probe' | 'manual';
  /** Whether another process may go on waiting for the answer: for one from a terminal, only that which asked can. */
  resumable: boolean;
  /** RFC 3339, for people. */
  deadline: string;
  /** What counts: milliseconds of the clock that runs since the host was started, and that nobody can set. */
  deadlineMs: number;
  /** What goes on record once it is confirmed. */
  /** `null`: it is on record already. */
  after: RulesetRecord | null;
}

/** The tables as `iptables-save -c` printed them before the change. */
export type SavedTables = PerFamily<string>;

/** At most one change at a time is under way in a network namespace. @throws {StateUnavailable} from each */
export interface Journal {
  /** For who has the lock. @throws {JournalDamaged} if it cannot be understood */
  read(): Promise<PendingChange | null>;
  /** … and for who has not: it may be another's by now. @throws {JournalDamaged} */
  peek(): Promise<PendingChange | null>;
  /** What cannot be understood is kept for people, under another name. */
  putAside(): Promise<void>;
  open(change: PendingChange, before: SavedTables): Promise<void>;
  update(change: PendingChange): Promise<void>;
  /** @throws {JournalDamaged} if it is not what was kept */
  readSnapshot(): Promise<SavedTables>;
  close(): Promise<void>;
}

export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged';
}
