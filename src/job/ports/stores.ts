/** What a host keeps on disk: implemented in host/. */
import type { FleetEvent, JobCompletedEvent, JobUndoneEvent } from '../../contract/event.ts';
import type { Digest, Revision, RulesetName, Scope } from '../../contract/identifiers.ts';
import type { Ruleset } from '../../contract/job.ts';
import type { Claims } from '../../ruleset/plan/claims.ts';
import type { PerFamily } from '../../ruleset/tables.ts';

/** What a digest stands for: the texts as they were sent, and whose they are. */
export type RulesetContent = Pick<Ruleset, 'name' | 'scope' | 'ipv4' | 'ipv6'>;

/** What is on a host of one ruleset, and what it may hold if a change was cut short. */
export interface RulesetRecord {
  name: RulesetName;
  scope: Scope;
  /** The highest committed revision, and the digest of the content that it left live. */
  committed: { revision: Revision; digest: Digest } | null;
  /** The job that was the last to put something on record. */
  committedBy: string | null;
  /** `null`: nothing is committed to be live. */
  live: {
    /** Digests of the boot files, which have the rules as the kernel spells them. */
    saved: PerFamily<Digest>;
    /** Which kernel and iptables spelled it so: another may spell it otherwise. */
    spelledBy: string;
  } | null;
  /** Digests of the contents that were pushed before the one that is live, the newest last. */
  earlier: Digest[];
  claims: Claims;
}

/** @throws {StateUnavailable} from each, if the state folder cannot be read or written. */
export interface RulesetStore {
  list(): Promise<RulesetRecord[]>;
  put(record: RulesetRecord): Promise<void>;
}

/** Contents by their digests. @throws {StateUnavailable} from each */
export interface ContentStore {
  /** `content` is the text that the digest is of. */
  keep(digest: Digest, content: string): Promise<void>;
  read(digest: Digest): Promise<RulesetContent>;
  /** Forgets all others. */
  prune(kept: ReadonlySet<Digest>): Promise<void>;
}

/** Whether boot files are those of the record: without any doing, once more, or not at all. */
export type BootFilesState = 'whole' | 'mended' | 'lost';

/** What boot files are held against; `live` is `null`: none are to be there. */
export type BootRecord = Pick<RulesetRecord, 'name' | 'scope' | 'live'>;

/** What is committed, in the kernel's spelling, as files that `iptables-restore` loads at boot. @throws {StateUnavailable} */
export interface BootFiles {
  /** Writes both families aside, for {@link place}; their digests. */
  prepare(
    ruleset: Pick<RulesetRecord, 'name' | 'scope'>,
    rules: PerFamily<string>,
  ): Promise<PerFamily<Digest>>;
  /**
   * Puts where the boot looks what was prepared for what is about to go on record; takes away what is there where nothing is to be
   * live. What was there before is kept, for {@link mend}.
   */
  place(record: BootRecord): Promise<void>;
  /** Puts there what the record says, if that is still to be had under any name; and makes sure of the script that loads it. */
  mend(record: BootRecord): Promise<BootFilesState>;
  /** The record is written: what was kept is of no more use. */
  forgetKept(record: BootRecord): Promise<void>;
  /** `null` if there are none, or others than those of the record. */
  read(record: RulesetRecord): Promise<PerFamily<string> | null>;
}

export interface ResultStore {
  find(jobId: string): Promise<JobCompletedEvent | null>;
  put(jobId: string, event: JobCompletedEvent): Promise<void>;
  /** Forgets what is older than has to be remembered. */
  prune(): Promise<void>;
}

/** That the change of a job is taken back after all, and what is carried over to the event. */
export interface KeptUndone {
  event: JobUndoneEvent;
  headers: Record<string, string>;
}

/** What has been undone after its job had ended, and is not known to be told. @throws {StateUnavailable} from each */
export interface UndoneStore {
  list(): Promise<KeptUndone[]>;
  put(undone: KeptUndone): Promise<void>;
  remove(event: JobUndoneEvent): Promise<void>;
}

export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable';
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
