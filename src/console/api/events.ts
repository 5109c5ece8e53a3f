/**
 * What the page asks of its server of events: types alone, shared by both. Times are RFC 3339 in UTC, as hosts and
 * operators wrote them. All texts come from these: they are shown as text, and are never markup.
 */

/** An event of the log in short: `EventAnswer` has all of it. */
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
