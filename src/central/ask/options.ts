import type { FleetEvent, JobCompleted } from '../../contract/events/event.ts';
import type { Ruleset } from '../../contract/jobs/job.ts';
import type { HostEnd } from '../../contract/rollouts/rollout-events.ts';
import type { HostState } from '../log/fleet-state.ts';

/**
 * Whom something is for. Groups and `all` mean the hosts that the event log knows of, also those that do not answer now, unless
 * `onlineOnly` says otherwise.
 */
export interface HostSelection {
  /** By their ids; these are asked even if nobody has ever heard of them. */
  hosts?: readonly string[];
  /** Hosts that belong to any of these. */
  groups?: readonly string[];
  /** Every host of the fleet. */
  all?: boolean;
  /** Hosts that are left out, by their ids; one that nobody has ever heard of is an error, unless it is among `hosts`. */
  exclude?: readonly string[];
  /** That is no error, as for a program that has run for longer than the fleet remembers a host that is away. */
  excludeUnknown?: boolean;
  /** Of groups and of all, only hosts that answer now. */
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
  /** A UUID. */
  jobId: string;
  /** RFC 3339. */
  expiresAt: string;
  /** Those whose answers are waited for. */
  hosts: readonly string[];
}

/** Who can tell of the fleet. @internal */
export interface FleetObserver {
  fleet(options?: { signal?: AbortSignal | undefined }): Promise<{
    hosts: ReadonlyMap<string, HostState>;
    unasked?: ReadonlySet<string>;
  }>;
}

/** What can be said of each request. */
export interface RequestOptions {
  /** How many seconds to wait for an answer, at most 2,000,000; default 60. */
  timeoutSeconds?: number | undefined;
  /** Ends the call, which then rejects with the reason of the signal; what was sent is sent. */
  signal?: AbortSignal | undefined;
  /** Called before it is sent. */
  onSending?: ((job: SentJob) => void) | undefined;
  /** Called with each event of the job, as it comes. */
  onEvent?: ((event: FleetEvent) => void) | undefined;
  /** Any name that its events are to carry. */
  rolloutId?: string | undefined;
  /** A host that takes the job up later does not run it; default 3,600. */
  expiresInSeconds?: number | undefined;
  /** Who looks at the fleet before it is sent, where one look is to serve for more than that; default: the client. @internal */
  observer?: FleetObserver | undefined;
}

/** Why a host does not begin a job yet: another one waits there to be confirmed. */
export interface Behind {
  /** The other job. */
  jobId: string;
  /** `null`: that is not known, at most 20 minutes. */
  until: Date | null;
}

/** What can be said of a request that changes hosts. */
export interface PushOptions extends RequestOptions {
  /** Takes back what waits on these hosts to be confirmed, before it is sent. */
  preempt?: boolean | undefined;
  /** Called with each host that does not begin it, as another job waits there. */
  onBehind?: ((host: string, behind: Behind) => void) | undefined;
  /** What a host waits for before it keeps the change: that its probes succeed (`probe`, the default), or that somebody confirms (`manual`); for `timeoutSeconds`, from 1 to 1,200, default 30. */
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
  /** All that it is to have. */
  entries: readonly ListEntry[];
  /** Of a new list; default `deny`. */
  kind?: 'deny' | 'allow' | undefined;
  /** Of each family; of a new list 65,536 where nothing is said. */
  maxEntries?: number | undefined;
}

/** Some entries of a list that come, or go. */
export interface ListChange extends ListOfHosts {
  /** Addresses and networks that come. */
  add?: readonly ListEntry[] | undefined;
  /** Addresses and networks that go; what is not there is no error. */
  remove?: readonly string[] | undefined;
}

/** Hosts that had missed changes of a list, and were given all of it. */
export interface MendedHosts {
  /** Their ids. */
  hosts: readonly string[];
  /** Whose content they have now. */
  from: string;
  /** Under which they have it. */
  revision: number;
}

/** How hosts are asked about a list. */
export interface ListOptions extends RequestOptions {
  /** Called when hosts had missed changes, and now have what others have. */
  onMended?: ((mended: MendedHosts) => void) | undefined;
  /** As of a push; default `probe`, of a change `none`. */
  confirm?: PushOptions['confirm'];
}

/** How long to look for hosts. */
export interface LookOptions {
  /** How far back to look for hosts that do not answer, in milliseconds; default: 30 days, which the event log keeps. */
  lookBackMs?: number;
  /** How many milliseconds hosts have to answer; default: 2,000. */
  answerMs?: number;
  /** Ends the call, which then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/** Where to begin in the log of events: at its beginning, with the next event, at an offset, or with the first event since a time. */
export type StreamStart = 'first' | 'next' | { offset: number } | { since: Date };

/** How a host answered. */
export interface HostAnswer {
  /** An outcome, or why there is none: `unroutable`, nobody has a queue for it; `silent`, nothing was heard in time. */
  end: HostEnd;
  /** `null` for who did not answer. */
  result: JobCompleted | null;
  /**
   * Of who is silent: the broker did not even confirm in time that it has the message for this host, as while a classic queue of the host
   * is on a node of the broker that is down. In doubt, the host gets it later.
   */
  untaken?: true;
}

/** How each host answered, by its id. */
export type HostAnswers = Map<string, HostAnswer>;

/** How each host answered a job, by its id. */
export interface JobAnswers extends HostAnswers {
  /** With it, the job can be picked up again later; `null`: nothing had to be sent. */
  readonly jobId: string | null;
}

/** How far back to look for a job. */
export interface JobLookOptions {
  /**
   * A time before it was sent. Default: what its id says, if it was sent by this version or a later one; else 30 days ago, as long as the
   * log of events keeps events, which takes its time in a large fleet.
   */
  since?: Date | undefined;
  /** Ends the call, which then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/** Whose answers to wait for, and for how long. */
export interface JobWaitOptions extends JobLookOptions {
  /** Default: those that have begun it, and those that a rollout has sent it to, as far as the log of events knows. */
  hosts?: readonly string[] | undefined;
  /** How many seconds to wait for the answer of a host, or for another sign that it is at work, at most 2,000,000; default 60. */
  timeoutSeconds?: number | undefined;
  /** Called with each event of the job, those that are in the log already first. */
  onEvent?: ((event: FleetEvent) => void) | undefined;
}
