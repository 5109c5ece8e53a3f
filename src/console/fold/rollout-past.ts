import { RolloutState } from '../../central/rollout/rollout-state.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { Failure } from '../../contract/events/failure.ts';
import type { RolloutEvent, RolloutStarted } from '../../contract/rollouts/rollout-events.ts';

type AnyEvent = FleetEvent | RolloutEvent;
type Started = Extract<RolloutEvent, { type: 'fleetwall.rollout.started' }>;

const MOST_LINES = 10;
const MOST_TESTS = 10;
const NO_DIFF = { added: 0, removed: 0, unchanged: 0, tables: [] };

/** A rollout as it is, and the events by which it can be told how it was. */
export class RolloutPast {
  readonly startedAt: string;
  /** By which one start is known from another that used the same id. */
  readonly startedBy: string;
  readonly #record: RolloutStarted;
  #state: RolloutState;
  #events: AnyEvent[] = [];

  constructor(started: Started) {
    this.startedAt = started.time;
    this.startedBy = started.id;
    this.#record = withoutTexts(started.data);
    this.#state = new RolloutState(this.#record);
    this.take(started);
  }

  get state(): RolloutState {
    return this.#state;
  }

  /** How many events are kept. */
  get size(): number {
    return this.#events.length;
  }

  /** @returns whether it is of this rollout */
  take(event: AnyEvent): boolean {
    const short = shorten(event);
    if (!this.#state.take(short, Date.parse(event.time))) return false;
    this.#events.push(short);
    return true;
  }

  /** @returns `null`: it had not begun; one whose events are not kept any more is as it is now */
  at(time: number): RolloutState | null {
    if (Date.parse(this.startedAt) > time) return null;
    if (this.#events.length === 0) return this.#state;
    const state = new RolloutState(this.#record);
    for (const event of this.#events)
      if (Date.parse(event.time) <= time) state.take(event, Date.parse(event.time));
    return state;
  }

  /** From now on it is only known how it is. */
  forgetEvents(): void {
    this.#events = [];
  }
}

/** The messages that it sends have whole rulesets in them. */
function withoutTexts(record: RolloutStarted): RolloutStarted {
  const { takeBack } = record;
  const bare = <T extends { body: string }>(message: T): T => ({ ...message, body: '' });
  return {
    ...record,
    jobs: record.jobs.map(bare),
    takeBack: takeBack === null ? null : { rollback: bare(takeBack.rollback), remove: bare(takeBack.remove) },
  };
}

/** What a rollout needs of an event: of tens of thousands of hosts, the rest is too much to keep. */
function shorten(event: AnyEvent): AnyEvent {
  if (event.type === 'fleetwall.rollout.started') return { ...event, data: withoutTexts(event.data) };
  if (event.type === 'fleetwall.job.awaiting_confirmation')
    return { ...event, data: { ...event.data, diff: NO_DIFF } };
  if (event.type === 'fleetwall.drift.detected' || event.type === 'fleetwall.drift.repaired')
    return { ...event, data: { ...event.data, diff: NO_DIFF } };
  if (event.type !== 'fleetwall.job.completed') return event;
  const { failure } = event.data;
  return {
    ...event,
    data: {
      ...event.data,
      diff: null,
      report: null,
      failure: failure === null ? null : shortFailure(failure),
    },
  };
}

function shortFailure(failure: Failure): Failure {
  const { lines, lineCount = lines.length, tests, testCount = tests?.length ?? 0 } = failure;
  return {
    ...failure,
    stderr: null,
    lines: lines.slice(0, MOST_LINES),
    lineCount,
    ...(tests === undefined ? {} : { tests: tests.slice(0, MOST_TESTS), testCount }),
  };
}
