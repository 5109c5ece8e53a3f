/** What a host keeps on disk. Implemented in host/. */
import type {
  FleetEvent,
  JobCompletedEvent,
  JobUndoneEvent,
  RulesetEndedEvent,
} from '../../contract/events/event.ts';
import type { Ruleset } from '../../contract/jobs/job.ts';
import type { Digest, Revision, RulesetName, Scope } from '../../contract/words/identifiers.ts';
import type { AppendedHook, Claims } from '../../ruleset/plan/claims.ts';
import type { PerFamily } from '../../ruleset/tables.ts';

/** What a digest is made of: the texts as they were sent, with the ruleset's name and scope. */
export type RulesetContent = Pick<Ruleset, 'name' | 'scope' | 'ipv4' | 'ipv6'>;

/** What a host goes back to when the content that is live ends. */
export interface BackTo {
  revision: Revision;
  digest: Digest;
  /** What can be gone back to from there, as {@link RulesetRecord.earlier}. */
  earlier: Digest[];
}

/** What the host has of one ruleset, and what it may have after a change that was cut short. */
export interface RulesetRecord {
  name: RulesetName;
  scope: Scope;
  /** The highest committed revision, and the digest of the content that went live with it. */
  committed: { revision: Revision; digest: Digest } | null;
  /** The id of the last job that committed something. */
  committedBy: string | null;
  /** `null`: nothing of this ruleset is committed to be live. */
  live: {
    /** The digests of the boot files, which have the rules in the kernel's spelling. */
    saved: PerFamily<Digest>;
    /** The kernel and iptables that spelled the rules so. Others may spell them differently. */
    spelledBy: string;
  } | null;
  /**
   * The digests of the contents that were pushed before the live one. The newest is last. None of them was pushed with an end: nobody
   * goes back to what was to be over.
   */
  earlier: Digest[];
  /** When the live content ends (RFC 3339), and what comes then, `null`: the ruleset is removed. Without an end, `null`. */
  end: { until: string; back: BackTo | null } | null;
  /** The revision with which the live content came; others after it were `unchanged`. `null`: an earlier worker wrote the record. */
  contentRevision: Revision | null;
  /** Whether the content of the committed revision has ended. What is live is then of {@link contentRevision}. */
  hasEnded: boolean;
  claims: Claims;
  /** The hooks that it has put last in chains of others. Records of earlier workers have none. */
  appended: AppendedHook[];
}

/** Each method: @throws {StateUnavailable} if the state folder cannot be read or written */
export interface RulesetStore {
  list(): Promise<RulesetRecord[]>;
  find(name: RulesetName): Promise<RulesetRecord | undefined>;
  /** Writes a record aside, so that to put it is a small step. */
  prepare(record: RulesetRecord): Promise<void>;
  put(record: RulesetRecord): Promise<void>;
  /** Takes away a record that was written aside, and is not put any more. */
  discard(name: RulesetName): Promise<void>;
}

/** Keeps contents under their digests. Each method: @throws {StateUnavailable} */
export interface ContentStore {
  /** `content` is the text of which `digest` is the digest. */
  keep(digest: Digest, content: string): Promise<void>;
  read(digest: Digest): Promise<RulesetContent>;
  /** Deletes all contents but these. */
  prune(kept: ReadonlySet<Digest>): Promise<void>;
}

/** Whether the boot files are those of the record: they were (`whole`), they are again (`mended`), or they cannot be (`lost`). */
export type BootFilesState = 'whole' | 'mended' | 'lost';

/** What a boot loads in place of the rules from a time (RFC 3339) on. */
export interface BootEnd {
  until: string;
  after: PerFamily<string>;
}

/** What the boot files are compared with. `live` is `null`: there must be no boot files. */
export type BootRecord = Pick<RulesetRecord, 'name' | 'scope' | 'live'>;

/**
 * The committed rules in the kernel's spelling, as files that `iptables-restore` loads at boot.
 *
 * Each method: @throws {StateUnavailable}
 */
export interface BootFiles {
  /**
   * Writes the files of both families aside, for {@link place}. Returns their digests.
   *
   * @param end what a boot loads from a time on; `null`: always the rules
   */
  prepare(
    ruleset: Pick<RulesetRecord, 'name' | 'scope'>,
    rules: PerFamily<string>,
    end: BootEnd | null,
  ): Promise<PerFamily<Digest>>;
  /**
   * Puts the prepared files where the boot looks for them, or takes the files away if nothing is to be live. Called just before
   * the record is written. The old files are kept, for {@link mend}.
   */
  place(record: BootRecord): Promise<void>;
  /** Restores the files of the record from the kept or the prepared ones, if needed. Also writes the script that loads them. */
  mend(record: BootRecord): Promise<BootFilesState>;
  /**
   * Deletes the kept old files, and prepared ones, where the right one is in its place. Called when a change is over: committed, or taken
   * back.
   */
  forgetOthers(record: BootRecord): Promise<void>;
  /** Writes the script that loads them, and the lists. */
  writeLoader(): Promise<void>;
  /** Returns `null` if there are no boot files, or if they are not those of the record. */
  read(record: BootRecord): Promise<PerFamily<string> | null>;
  /** Returns what a boot loads once the content has ended; `null` as {@link read}, or if it does not end. */
  readAfter(record: BootRecord): Promise<PerFamily<string> | null>;
}

export interface ResultStore {
  find(jobId: string): Promise<JobCompletedEvent | null>;
  put(jobId: string, event: JobCompletedEvent): Promise<void>;
  /**
   * Remembers a result that {@link put} could not keep, until it can.
   *
   * @throws {Error} if only this process remembers it
   */
  putAside(jobId: string, event: JobCompletedEvent): Promise<void>;
  /** Deletes the oldest results, where there are too many. */
  prune(): Promise<void>;
}

/** What a host did with nobody waiting for it: it took a job's change back after all, or a ruleset has ended. */
export type LateEvent = JobUndoneEvent | RulesetEndedEvent;

/** … and the headers to send with it. */
export interface KeptUndone {
  event: LateEvent;
  headers: Record<string, string>;
}

/** Keeps such events until the broker has confirmed them. Each method: @throws {StateUnavailable} */
export interface UndoneStore {
  list(): Promise<KeptUndone[]>;
  put(undone: KeptUndone): Promise<void>;
  remove(event: LateEvent): Promise<void>;
}

export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable';
}

/** An event that the broker has not confirmed. */
export interface KeptEvent {
  /** Events are published in the order of this number. */
  sequence: number;
  event: FleetEvent;
  headers: Record<string, unknown>;
}

/** Each method: @throws {StateUnavailable} */
export interface OutboxStore {
  /** Returns the events in their order. */
  list(): Promise<KeptEvent[]>;
  put(event: KeptEvent): Promise<void>;
  remove(event: KeptEvent): Promise<void>;
}

/** Counts how often the worker began each message that has not ended. Each method: @throws {StateUnavailable} */
export interface AttemptStore {
  count(body: Uint8Array): Promise<number>;
  put(body: Uint8Array, count: number): Promise<void>;
  forget(body: Uint8Array): Promise<void>;
}

/** That a job is not to be run, and who has asked for that. */
export interface Cancellation {
  jobId: string;
  /** For each who has asked: the ids of the keys that have signed that. Empty: it was not signed. */
  by: readonly (readonly string[])[];
}

/** Each method: @throws {StateUnavailable} */
export interface CancelStore {
  find(jobId: string): Promise<Cancellation | null>;
  /** Adds one who asks; what others have asked before stays. */
  add(jobId: string, kids: readonly string[]): Promise<void>;
}
