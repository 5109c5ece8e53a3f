import type { FleetEvent, JobCompleted } from '../../contract/event.ts';
import type { Ruleset } from '../../contract/job.ts';
import type { HostEnd } from '../../contract/rollout-events.ts';

/**
 * Whom something is for. Groups and `all` mean the hosts that the event log knows of, also those that do not answer now, unless
 * `onlineOnly` says otherwise.
 */
export interface HostSelection {
  hosts?: readonly string[];
  groups?: readonly string[];
  all?: boolean;
  exclude?: readonly string[];
  onlineOnly?: boolean;
}

/** A ruleset to be pushed. `next`: one more than the highest revision that the asked hosts are known to have had. */
export type RulesetToPush = Omit<Partial<Ruleset>, 'revision' | 'name' | 'ifRevision'> & {
  name: string;
  revision: number | 'next';
  ifRevision?: number | undefined;
};

/** A job as it is sent: with its id it can be cancelled, and who has not begun it by then does not run it. */
export interface SentJob {
  jobId: string;
  expiresAt: string;
}

export interface RequestOptions {
  /** How many seconds to wait for an answer; default 60. */
  timeoutSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called before it is sent. */
  onSending?: ((job: SentJob) => void) | undefined;
  /** Called with each event of the job, as it comes. */
  onEvent?: ((event: FleetEvent) => void) | undefined;
  rolloutId?: string | undefined;
  /** A host that takes the job up later does not run it; default 3,600. */
  expiresInSeconds?: number | undefined;
}

/** Why a host does not begin a job yet: another one waits there to be confirmed. */
export interface Behind {
  jobId: string;
  /** `null`: that is not known, at most 20 minutes. */
  until: Date | null;
}

export interface PushOptions extends RequestOptions {
  /** Takes back what waits on these hosts to be confirmed, before it is sent. */
  preempt?: boolean | undefined;
  /** Called with each host that does not begin it, as another job waits there. */
  onBehind?: ((host: string, behind: Behind) => void) | undefined;
  confirm?: { mode: 'probe' | 'manual' | 'none'; timeoutSeconds?: number | undefined } | undefined;
}

/** An address or a network, alone or with the time at which it ends (RFC 3339). */
export type ListEntry = string | { entry: string; until?: string | undefined };

interface ListOfHosts {
  name: string;
  /** `next`: one more than the highest revision that the asked hosts are known to have had. */
  revision: number | 'next';
  /** Deletes the tracked flows of entries that are added, and closes the hosts' own connections to them. */
  cut?: boolean | undefined;
  /** What becomes of an entry that a deny list of a host must never have; default `refuse`. */
  onNever?: 'refuse' | 'skip' | undefined;
}

/** The whole content of a list. What is not said of `kind` and `maxEntries` stays as it is. */
export interface WholeList extends ListOfHosts {
  entries: readonly ListEntry[];
  kind?: 'deny' | 'allow' | undefined;
  maxEntries?: number | undefined;
}

/** Some entries of a list that come, or go. */
export interface ListChange extends ListOfHosts {
  add?: readonly ListEntry[] | undefined;
  remove?: readonly string[] | undefined;
}

/** Hosts that had missed changes of a list, and were given all of it. */
export interface MendedHosts {
  hosts: readonly string[];
  /** Whose content they have now. */
  from: string;
  revision: number;
}

export interface ListOptions extends RequestOptions {
  /** Called when hosts had missed changes, and now have what others have. */
  onMended?: ((mended: MendedHosts) => void) | undefined;
  confirm?: PushOptions['confirm'];
}

/** How far back to look for hosts that do not answer (default: 30 days, which the event log keeps), and how long hosts have to answer (default: 2 seconds). */
export interface LookOptions {
  lookBackMs?: number;
  answerMs?: number;
  signal?: AbortSignal | undefined;
}

/** Where to begin in the log of events: at its beginning, with the next event, at an offset, or with the first event since a time. */
export type StreamStart = 'first' | 'next' | { offset: number } | { since: Date };

/** How a host answered. */
export interface HostAnswer {
  end: HostEnd;
  /** `null` for who did not answer. */
  result: JobCompleted | null;
}

/** How each host answered, by its id. */
export type HostAnswers = Map<string, HostAnswer>;
