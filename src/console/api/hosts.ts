/**
 * What the page asks of its server of hosts: types alone, shared by both. Times are RFC 3339 in UTC, as hosts and
 * operators wrote them. All texts come from these: they are shown as text, and are never markup.
 */
import type { EventRow } from './events.ts';

/** A host as it is, or was at a time. One line of the fleet's table. */
export interface HostRow {
  hostId: string;
  /** `silent`: nothing was heard of it for longer than its heartbeats allow. */
  presence: 'online' | 'offline' | 'silent';
  groups: readonly string[];
  rulesets: readonly HeldRuleset[];
  lists: readonly HeldList[];
  /** Whether it told of more rulesets, or of more lists, than are kept of one host: the newest are here. */
  isCut: boolean;
  /** Why it would fail the jobs that it is sent, by what is wrong; empty: it would do them, as far as it knows. */
  unready: Readonly<Record<string, string>>;
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

export interface HostAnswer {
  at: string | null;
  host: HostRow;
  /** Ends of jobs, drifts, ends of rulesets; the newest first. `EventAnswer` has the difference that each made. */
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
  /** `Changes` with a higher number come after what is here. */
  seq: number;
  hosts: readonly HostRow[];
}
