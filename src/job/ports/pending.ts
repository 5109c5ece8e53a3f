import type { Diff, Outcome } from '../../contract/events/event.ts';
import type { Job } from '../../contract/jobs/job.ts';
import type { Digest, Scope } from '../../contract/words/identifiers.ts';
import type { Claims } from '../../ruleset/plan/claims.ts';
import type { PerFamily, TableRef } from '../../ruleset/tables.ts';
import type { RulesetRecord } from './stores.ts';

/** What an event says about its job. */
export type JobBrief = Pick<Job, 'id' | 'action' | 'issuedAt' | 'rolloutId'>;

/** How a job came to this host. */
export interface JobOrigin {
  attempt: number;
  redelivered: boolean;
  /** Whether the job is signed by a key that is trusted with it. */
  authenticated: boolean;
  /** RFC 3339. */
  deliveredAt: string;
  /** Headers that each event of the job carries, too. */
  headers: Record<string, string>;
}

/** A change that has begun, as the journal has it. It is enough for any process to end the change, either way. */
export interface PendingChange {
  job: JobBrief;
  origin: JobOrigin;
  ruleset: { name: string; revision: number; digest: Digest | null; scope: Scope };
  /** The job's outcome if the change stays. */
  outcome: Outcome;
  diff: Diff;
  /** The boot and the network namespace whose rules are changed. After a restart of the host these rules are gone. */
  place: string;
  /** What may belong to this ruleset on the host while the change is under way. */
  claims: Claims;
  tables: TableRef[];
  /** `null` until the change is applied and verified, and waits to be confirmed. */
  window: ConfirmWindow | null;
  /** `null` unless the job has ended and its change could not be taken back. Then the undo is tried again until it succeeds. */
  owed: OwedUndo | null;
  /** Set where the change is no job's: the content of a ruleset has come to its end. */
  ending: Ending | null;
}

/** A content that has come to its end, and what comes after it. */
export interface Ending {
  /** RFC 3339. */
  until: string;
  /** The revision of what is gone back to; `null`: the ruleset is removed. */
  backTo: number | null;
}

/** An undo that is still to be done. The job's end (`undo_failed`) is published already and is not published again. */
interface OwedUndo {
  /** RFC 3339. */
  since: string;
}

/** A pending change that waits to be confirmed. */
export interface OpenChange extends PendingChange {
  window: ConfirmWindow;
}

/** A change of a ruleset or of a list that waits to be confirmed, as far as those need to know who are asked. */
export interface Awaiting {
  job: JobBrief;
  origin: JobOrigin;
  ruleset?: { name: string; revision: number };
  list?: { name: string; revision: number };
  diff: Diff;
  window: Pick<ConfirmWindow, 'mode' | 'deadline' | 'deadlineMs'>;
}

/** The time in which a change must be confirmed. When it is over without a yes, the change is taken back. */
export interface ConfirmWindow {
  mode: 'probe' | 'manual';
  /**
   * Whether another process may go on waiting for the answer. An answer from a terminal can reach only the process that asked.
   */
  resumable: boolean;
  /** RFC 3339, for people to read. The worker uses {@link deadlineMs}. */
  deadline: string;
  /** The deadline in milliseconds since the host started, a clock that nobody can set. */
  deadlineMs: number;
  /** The record to write when the change is confirmed. `null`: the record is already written. */
  after: RulesetRecord | null;
}

/** The tables before the change, with counters: text that `renderSnapshot` writes and `parseSnapshot` reads. */
export type SavedTables = PerFamily<string>;

/** Keeps the one change that can be under way in a network namespace. Each method: @throws {StateUnavailable} */
export interface Journal {
  /** Reads the change. Only for the holder of the lock. @throws {JournalDamaged} if the journal cannot be understood */
  read(): Promise<PendingChange | null>;
  /** Reads the change without the lock. Another process may already have ended it. @throws {JournalDamaged} */
  peek(): Promise<PendingChange | null>;
  /** Renames a journal that cannot be understood, so that people can look at it. */
  putAside(): Promise<void>;
  open(change: PendingChange, before: SavedTables): Promise<void>;
  update(change: PendingChange): Promise<void>;
  /** @throws {JournalDamaged} if the snapshot is missing, or is not the one that was kept */
  readSnapshot(): Promise<SavedTables>;
  close(): Promise<void>;
}

export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged';
}
