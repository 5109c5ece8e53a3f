/**
 * What the server tells the page as it comes, and when it cannot answer: types alone, shared by both. Times are RFC 3339 in UTC, as hosts and
 * operators wrote them. All texts come from these: they are shown as text, and are never markup.
 */
import type { EventRow } from './events.ts';
import type { HostRow } from './hosts.ts';
import type { RolloutRow } from './rollouts.ts';

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
