import type { Digest, Family } from '../../contract/identifiers.ts';
import type { ListContent, ListKind } from '../../list/content.ts';
import type { EntryChange } from '../../list/plan-delta.ts';
import type { Fence } from './host-lock.ts';

/** What is committed of one list of addresses, without its entries. */
export interface ListRecord {
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
  /** How many entries there were, and their digest, at `atMs`: some may have ended since. Milliseconds since 1970. */
  entries: Record<Family, number>;
  digest: string;
  atMs: number;
  /** No entry ends before this; `null`: none ends. */
  nextEndMs: number | null;
}

export interface StoredList {
  record: ListRecord;
  content: ListContent;
}

/** Keeps lists on disk. A boot loads them without a worker. Each method: @throws {StateUnavailable} */
export interface ListStore {
  /** Also those that are removed. */
  list(): Promise<ListRecord[]>;
  /** @returns `null` if there never was such a list */
  read(name: string): Promise<StoredList | null>;
  /** Commits a change of some entries. It is a small write, however long the list is. */
  change(before: StoredList, record: ListRecord, changes: readonly EntryChange[]): Promise<void>;
  /** Writes a whole list aside, for {@link place}. */
  prepare(list: StoredList): Promise<void>;
  /** Commits what was prepared. */
  place(record: ListRecord): Promise<void>;
  /** Forgets what was prepared and is not to be committed. */
  discard(name: string): Promise<void>;
}

/** The kernel's header of a set. */
export interface SetHeader {
  /** Whether it is such a set as lists have: networks of one family, that may end. `null`: of another kind. */
  family: Family | null;
  maxEntries: number;
  entries: number;
  /** How many rules match it. */
  references: number;
}

/** The kernel's sets of addresses in one network namespace. Each method: @throws {SetsFailed} */
export interface AddressSets {
  /** Why this host has none, and what to do about it; `null`: it has. */
  readonly missing: string | null;
  /** All sets by their names, others' as well. */
  headers(fence: Fence): Promise<Map<string, SetHeader>>;
  /** Reads what is in a set: each entry in the kernel's spelling, and whether it ends. */
  read(fence: Fence, set: string, each: (text: string, ends: boolean) => void): Promise<void>;
  /** Runs lines of `ipset restore`. They are not one transaction: after an error, some may have been done. */
  write(fence: Fence, lines: string): Promise<void>;
  /** What is not there is no error. Waits for a moment where somebody is just reading it. */
  destroy(fence: Fence, sets: readonly string[]): Promise<void>;
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
