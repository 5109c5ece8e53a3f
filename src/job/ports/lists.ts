import type { JobCompleted } from '../../contract/events/event.ts';
import type { Digest, Family } from '../../contract/words/identifiers.ts';
import type { ListContent, ListKind } from '../../list/content.ts';
import type { EntryChange } from '../../list/plan-delta.ts';
import type { Ranges } from '../../list/ranges.ts';
import type { Summary } from '../../list/summary.ts';
import type { Fence } from './host-lock.ts';
import type { ConfirmWindow, JobBrief, JobOrigin } from './pending.ts';

/** What is committed of one list of addresses, without its entries. Its summary is of the moment when it was committed. */
export interface ListRecord extends Summary {
  name: string;
  /** `null`: it was made for a ruleset, and had no job yet. */
  kind: ListKind | null;
  /** The most entries of each family. */
  maxEntries: number;
  /** The highest committed revision; 0: none yet. */
  revision: number;
  /** The digest of what the job that committed it asked for. */
  asked: Digest | null;
  /** The id of the last job that committed something. */
  committedBy: string | null;
  /** Its sets are gone, and only its revision is known. */
  isRemoved: boolean;
}

export interface StoredList {
  record: ListRecord;
  content: ListContent;
}

/** Keeps lists on disk. A boot loads them without a worker. Each method: @throws {StateUnavailable} */
export interface ListStore {
  /** Also of those that are removed. */
  names(): Promise<string[]>;
  /** @returns `null` if there never was such a list */
  record(name: string): Promise<ListRecord | null>;
  /** @returns `null` if there never was such a list */
  read(name: string): Promise<StoredList | null>;
  /** Commits a change of some entries. It is a small write, however long the list is. */
  change(before: StoredList, record: ListRecord, changes: readonly EntryChange[]): Promise<void>;
  /** Writes a whole list aside, for {@link place}. Its content is the store's from then on. */
  prepare(list: StoredList): Promise<void>;
  /** Commits what was prepared. */
  place(record: ListRecord): Promise<void>;
  /** Forgets a list, its revision as well. */
  forget(name: string): Promise<void>;
  /** Forgets what was prepared and is not to be committed. */
  discard(name: string): Promise<void>;
}

/** How a job of a list ends if its change stays. */
export interface ListEnd {
  outcome: 'applied' | 'unchanged';
  changed: boolean;
  counts: NonNullable<JobCompleted['counts']>;
  skipped: string[];
  /** Of what the list then has. */
  digest: string;
}

/** A change of a list that has begun, as its journal has it. What the list had before is on record. */
export interface PendingList {
  jobs: { job: JobBrief; origin: JobOrigin; revision: number; end: ListEnd }[];
  /** The boot and the network namespace whose sets are changed. */
  place: string;
  /** What is committed if the change stays. */
  after: ListRecord;
  /** `null` until the change is made, and waits to be confirmed. Then the whole list is written aside. */
  window: Pick<ConfirmWindow, 'mode' | 'resumable' | 'deadline' | 'deadlineMs'> | null;
  /** The entries whose flows are cut once they are in, before the jobs end; `all`: those of the whole list, which may be a million. */
  cut: readonly string[] | 'all';
  /** The job of the ruleset that the list is made for; then no job of a list has begun it. */
  madeFor: string | null;
}

/** Keeps the changes of lists that are under way in a network namespace, one a list. Each method: @throws {StateUnavailable} */
export interface ListJournal {
  /** The lists of which a change is under way. */
  names(): Promise<string[]>;
  /** @returns `null`: no change of this list is under way */
  read(name: string): Promise<PendingList | null>;
  write(change: PendingList): Promise<void>;
  close(name: string): Promise<void>;
}

/** What each list has for itself. */
export interface PerList<T> {
  of(name: string): T;
}

/** What a deny list must never have. */
export interface NeverNetworks {
  /** Each with what it is, such as `an address of this host`. */
  read(): Promise<{ ranges: Ranges; names: ReadonlyMap<string, string> }>;
}

/** The kernel's header of a set. */
export interface SetHeader {
  /** Whether it is such a set as lists have: networks of one family, that may end. `null`: of another kind. */
  family: Family | null;
  /** As ipset has it, such as `hash:ip`. */
  type: string;
  /** The family of which the kernel swaps it with a set of a list, however else it was made. `null`: of none. */
  swapsWith: Family | null;
  maxEntries: number;
  entries: number;
  /** How many rules match it, and how many sets have it in them. */
  references: number;
}

/** The kernel's sets of addresses in one network namespace. Each method: @throws {SetsFailed} */
export interface AddressSets {
  /** Why this host has none, and what to do about it; `null`: it has. */
  readonly missing: string | null;
  /** All sets by their names, others' as well. */
  headers(fence: Fence): Promise<Map<string, SetHeader>>;
  /** Reads what is in a set: each entry in the kernel's spelling, and in how many seconds it ends; 0: it does not. */
  read(fence: Fence, set: string, each: (text: string, timeout: number) => void): Promise<void>;
  /**
   * Runs lines of `ipset restore`. They are not one transaction: after an error, some may have been done. Waits for a moment where somebody is
   * just reading a set that is swapped or renamed.
   */
  write(fence: Fence, lines: string | Uint8Array): Promise<void>;
  /** What is not there is no error. Waits for a moment where somebody is just reading it. */
  destroy(fence: Fence, sets: readonly string[]): Promise<void>;
}

/** Ends the flows of addresses that have just got into a list. */
export interface FlowCutter {
  /** Why this host cannot, and what to do about it; `null`: it can. */
  readonly missing: string | null;
  /** @returns of how many addresses there was something to be cut */
  cut(networks: Ranges): Promise<{ addresses: number }>;
}

export type SetsFaultKind =
  | 'full'
  | 'in-use'
  | 'no-set'
  | 'privilege'
  | 'not-started'
  | 'timeout'
  | 'unknown';

/** ipset could not do what it was told. */
export class SetsFailed extends Error {
  override readonly name = 'SetsFailed';
  readonly kind: SetsFaultKind;
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(
    kind: SetsFaultKind,
    message: string,
    { exitCode, stderr, cause }: { exitCode: number | null; stderr: string; cause?: unknown },
  ) {
    super(message, { cause });
    this.kind = kind;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}
