/**
 * What the page asks of its server, and what it is sent: types alone, shared by both. Times are RFC 3339 in UTC, as hosts and operators
 * wrote them. All texts come from hosts and operators: they are shown as text, and are never markup.
 */
import type { FailedLine } from '../contract/failure.ts';

/** A host as it is, or was at a time. One line of the fleet's table. */
export interface HostRow {
  hostId: string;
  /** `silent`: nothing was heard of it for longer than its heartbeats allow. */
  presence: 'online' | 'offline' | 'silent';
  groups: readonly string[];
  rulesets: readonly HeldRuleset[];
  lists: readonly HeldList[];
  backend: 'nft' | 'legacy';
  /** Of fleetwall. */
  version: string;
  iptables: string;
  kernel: string;
  lastSeen: string;
  /** The job that waits to be confirmed. */
  pending: string | null;
  /** The job that it has begun and not ended. */
  running: string | null;
  lastFailure: LastFailure | null;
}

export interface HeldRuleset {
  name: string;
  revision: number;
  /** `null`: not compared yet. */
  inSync: boolean | null;
  /** When its content ends; `null`: it stays. */
  until: string | null;
  /** The revision that is live again, where its content has ended; `null`: its own is live. */
  liveRevision: number | null;
}

export interface HeldList {
  name: string;
  revision: number;
  entries: number;
  /** `null`: nothing was heard of a drift. */
  inSync: boolean | null;
}

export interface LastFailure {
  at: string;
  code: string;
  /** `edge revision 7`, `list blocked revision 3`, or the action of the job. */
  what: string;
  /** The offset of its event. */
  event: number;
}

/** An event of the log in short: {@link EventAnswer} has all of it. */
export interface EventRow {
  /** Its place in the log of events: by this it is asked for. */
  offset: number;
  time: string;
  /** Such as `fleetwall.job.completed`. */
  type: string;
  hostId: string | null;
  rolloutId: string | null;
  jobId: string | null;
  ruleset: string | null;
  list: string | null;
  /** Of the end of a job, or of a rollout (its status). */
  outcome: string | null;
  /** Of a failure. */
  code: string | null;
  /** What happened, in one line: `edge revision 7 failed: ...`. */
  says: string;
}

/** Rollouts, the newest first, are one of these each. */
export interface RolloutRow {
  rolloutId: string;
  ruleset: { name: string; revision: number };
  startedAt: string;
  /** `running` is what has not ended: whether its process is still there, only the broker knows. */
  status: 'running' | 'paused' | 'completed' | 'stopped' | 'aborted';
  /** Why it ended early. */
  reason: string | null;
  endedAt: string | null;
  /** When the last event of it came about. */
  lastEventAt: string | null;
  /** How many hosts it is for. */
  hosts: number;
  /** How many have ended, each way: outcomes, `silent`, `unroutable`; and `running` and `not_started`. */
  ends: Readonly<Record<string, number>>;
  /** How many of its steps have begun. */
  begun: number;
  steps: number;
  /** Who runs it, or ran it last: `ops on jump-1 (process 4711)`. */
  by: string | null;
}

export interface RolloutAnswer {
  at: string | null;
  rollout: RolloutRow;
  steps: readonly RolloutStep[];
  budgets: readonly { name: 'failed' | 'rolledBack' | 'silent'; used: number; of: number }[];
  onFailure: 'stop' | 'rollback' | 'continue';
  soakSeconds: number;
  /** Why it was begun although there was a freeze. */
  overrideFreeze: string | null;
  gates: readonly Gate[];
  /** Hosts that failed in the same way are one of these; the most hosts first. */
  failures: readonly FailureGroup[];
  /** Hosts that were to go back and have not, by why. */
  notTakenBack: readonly FailureGroup[];
  /** By how they have ended. */
  hostsByEnd: Readonly<Record<string, readonly string[]>>;
}

export interface RolloutStep {
  hosts: number;
  status: 'done' | 'running' | 'not_started';
  ends: Readonly<Record<string, number>>;
}

export interface Gate {
  name: string;
  wanted: string;
  /** Of the last look; `null`: there was none. */
  verdict: 'pass' | 'fail' | 'inconclusive' | null;
  failuresInRow: number;
  /** Failing looks in a row that fail it. */
  failures: number;
  /** The oldest first; no more than the last hundred. */
  looks: readonly GateLookRow[];
}

export interface GateLookRow {
  at: string;
  verdict: 'pass' | 'fail' | 'inconclusive';
  /** `null`: what was found is no number, or nothing was. */
  value: number | null;
  reason: string;
}

export interface FailureGroup {
  /** The first of them. */
  hosts: readonly string[];
  hostCount: number;
  code: string;
  stage: string;
  message: string;
  /** The failing lines with their context, the first of them. */
  lines: readonly FailedLine[];
  lineCount: number;
  /** Tests that did not come out as they have to: what was expected, what came. */
  tests: readonly { name: string; expected: string; got: string }[];
}

export interface HostAnswer {
  at: string | null;
  host: HostRow;
  /** Ends of jobs, drifts, ends of rulesets; the newest first. {@link EventAnswer} has the difference that each made. */
  history: readonly EventRow[];
  /** Whether there was more. */
  isCut: boolean;
  /** When the last of its heartbeats came, the oldest first; no more than 60. */
  beats: readonly string[];
  /** When nothing was heard of it, the newest first. `until` is `null` where that is still so. */
  gaps: readonly { from: string; until: string | null }[];
}

/** `GET /api/fleet?at=TIME` */
export interface FleetAnswer {
  at: string | null;
  /** {@link Changes} with a higher number come after what is here. */
  seq: number;
  hosts: readonly HostRow[];
}

/** `GET /api/rollouts?at=TIME` */
export interface RolloutsAnswer {
  at: string | null;
  seq: number;
  rollouts: readonly RolloutRow[];
}

/** `GET /api/events?until=TIME&before=OFFSET&host=ID&type=…&outcome=…&ruleset=NAME&rollout=ID&q=TEXT&limit=N`; the newest first. */
export interface EventsAnswer {
  seq: number;
  events: readonly EventRow[];
  /** Whether older ones are there: ask with `before`, the offset of the last one here. */
  hasMore: boolean;
}

/** `GET /api/events/OFFSET` */
export interface EventAnswer {
  offset: number;
  /** As it is in the log: a CloudEvent. */
  event: unknown;
}

/** `GET /api/source`, and the event `source` of `/api/live`. */
export interface Source {
  /** Another one after each start of the server: what the page has is then of no use any more. */
  boot: string;
  /** Whether one has to log in, and so can log out. */
  hasLogin: boolean;
  broker: 'connected' | 'away';
  /** Since when it is so. */
  since: string;
  /** Why it is away. */
  why: string | null;
  /** While the log is read for the first time: how many messages were, of about how many. `null`: it is read. */
  reading: { read: number; of: number } | null;
  /** The time of the oldest event that was read; `null`: there is none. */
  from: string | null;
  hosts: number;
  events: number;
}

/** The event `changes` of `GET /api/live` (server-sent events), some times a second. */
export interface Changes {
  seq: number;
  hosts: readonly HostRow[];
  /** Hosts that were taken out of the fleet. */
  gone: readonly string[];
  /** The oldest first; heartbeats are not among them. */
  events: readonly EventRow[];
  /** How many events came besides those, and are not sent. */
  moreEvents: number;
  rollouts: readonly RolloutRow[];
}

/** The body of an answer that is no success. */
export interface Problem {
  status: 'failed';
  reason: string;
}
