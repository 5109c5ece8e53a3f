import type {
  FleetEvent,
  JobCompleted,
  RulesetEndedEvent,
  WorkerEvent,
  WorkerFacts,
} from '../../contract/events/event.ts';
import { windowMs } from './window.ts';

/** Of each kind. About as many as a host can say of itself in one event; ends of jobs could add to them without end. @internal */
export const MOST_NAMES = 500;

const MOST_REASONS = 8;
const LONGEST_REASON = 500;

/** What is known of a host, from what it said last. */
export interface HostState {
  /** Its name in the fleet. */
  hostId: string;
  /** The groups that it belongs to. */
  groups: readonly string[];
  /** `silent`: it did not answer a ping, and has not said good-bye. */
  presence: 'online' | 'offline' | 'silent';
  /** When it was heard of last, by its own clock. */
  lastSeen: Date;
  /** What runs there. */
  worker: WorkerFacts;
  /** What is committed there, by name. */
  rulesets: WorkerEvent['data']['rulesets'];
  /** Taken away; a next revision is above these, too. */
  removed: NonNullable<WorkerEvent['data']['removed']>;
  /** The lists of addresses that it holds. */
  lists: NonNullable<WorkerEvent['data']['lists']>;
  /** Lists that were taken away, as far as that was read. */
  removedLists: NonNullable<WorkerEvent['data']['removed']>;
  /** Whether the ends of its jobs told of more rulesets, or of more lists, than are kept of one host: the newest are. */
  isCut: boolean;
  /** Why it would fail the jobs that it is sent, by what is wrong; empty: it would do them, as far as it knows. */
  unready: Readonly<Record<string, string>>;
  /** The job that waits to be confirmed. */
  pending: string | null;
  /** The job that it has begun, and not ended, as far as that was read. */
  running: string | null;
  /** Until when it waits, where that is known. */
  pendingUntil: Date | null;
}

/** The fleet as its events tell of it, in the order in which they were logged. */
export class FleetState {
  readonly #hosts = new Map<string, HostState>();
  readonly #unasked = new Set<string>();
  readonly #unanswering = new Set<string>();

  /** By their ids. */
  get hosts(): ReadonlyMap<string, HostState> {
    return this.#hosts;
  }

  /** Hosts that beat, and have not answered a question that was not signed: most likely they want it signed by a key that they trust. */
  get unasked(): ReadonlySet<string> {
    return this.#unasked;
  }

  /** Hosts that are silent, although they consume their jobs and the question was signed. */
  get unanswering(): ReadonlySet<string> {
    return this.#unanswering;
  }

  /**
   * Notes that a host gave no answer; whether it consumes its jobs all the same; and whether the question was signed: one that was not says
   * nothing of a host that trusts keys.
   *
   * @internal
   */
  noteQuiet(hostId: string, { isThere, isSigned }: { isThere: boolean; isSigned: boolean }): void {
    const host = this.#hosts.get(hostId);
    if (isThere && !isSigned) this.#unasked.add(hostId);
    else if (host !== undefined) host.presence = 'silent';
    if (isThere && isSigned) this.#unanswering.add(hostId);
  }

  /** @internal */
  take(event: FleetEvent): void {
    if (!('groups' in event.data)) {
      this.#touch(event);
      return;
    }
    const { hostId, groups, worker, rulesets, removed = [], lists = [], unready = {}, pending } = event.data;
    const lastSeen = new Date(event.time);
    const presence = event.type === 'fleetwall.worker.offline' ? 'offline' : 'online';
    const before = this.#hosts.get(hostId);
    const pendingUntil = before !== undefined && before.pending === pending ? before.pendingUntil : null;
    const running = before?.running ?? null;
    const removedLists = before?.removedLists ?? [];
    const seen = { hostId, groups, presence, lastSeen, worker, rulesets, removed, running } as const;
    const more = { lists, removedLists, isCut: false, unready: shortened(unready) };
    this.#hosts.set(hostId, { ...seen, ...more, pending, pendingUntil });
  }

  /** Takes a host out, until it is heard of again. @internal */
  forget(hostId: string): void {
    this.#hosts.delete(hostId);
  }

  /** Takes over hosts that are not known yet, of which nothing has been heard for long. @internal */
  addLongSilent(others: FleetState): HostState[] {
    const added = [...others.hosts.values()].filter(({ hostId }) => !this.#hosts.has(hostId));
    for (const host of added) {
      const presence = host.presence === 'offline' ? 'offline' : 'silent';
      this.#hosts.set(host.hostId, { ...host, presence });
    }
    return added;
  }

  /** A job or a drift is a sign of life, and may tell of a ruleset. */
  #touch(event: FleetEvent): void {
    const host = this.#hosts.get(event.data.hostId);
    if (host === undefined) return;
    host.lastSeen = new Date(event.time);
    if (host.presence === 'silent') host.presence = 'online';
    if (event.type === 'fleetwall.job.completed') {
      takeEnd(host, event.data);
      takeListEnd(host, event.data);
    }
    if (event.type === 'fleetwall.ruleset.ended') takeEnded(host, event.data);
    if (event.type === 'fleetwall.job.started') host.running = event.data.jobId;
    if (event.type === 'fleetwall.job.awaiting_confirmation' && event.data.mode === 'manual') {
      host.pending = event.data.jobId;
      host.pendingUntil = new Date(Date.parse(event.time) + windowMs(event));
    }
    if (event.type !== 'fleetwall.drift.detected' && event.type !== 'fleetwall.drift.repaired') return;
    const inSync = event.type === 'fleetwall.drift.repaired';
    const name = event.data.ruleset?.name;
    host.rulesets = host.rulesets.map((ruleset) =>
      ruleset.name === name ? { ...ruleset, inSync } : ruleset,
    );
  }
}

/** A host that says more than it needs to costs nobody else room. */
function shortened(unready: HostState['unready']): HostState['unready'] {
  const said = Object.entries(unready).slice(0, MOST_REASONS);
  return Object.fromEntries(
    said.map(([what, why]) => [what.slice(0, LONGEST_REASON), why.slice(0, LONGEST_REASON)]),
  );
}

/** What of its ruleset is committed once a job has ended. */
function takeEnd(host: HostState, { jobId, outcome, ruleset }: JobCompleted): void {
  if (host.running === jobId) host.running = null;
  if (host.pending === jobId) Object.assign(host, { pending: null, pendingUntil: null });
  if (ruleset === null) return;
  const { name, revision, liveRevision, liveDigest } = ruleset;
  const before = host.rulesets.find((known) => known.name === name);
  if (liveRevision !== null && liveDigest !== null) {
    // Its own revision stays the highest when a content has ended, and the one before is live again.
    if (before?.liveRevision === liveRevision && before.digest === liveDigest) return;
    const { scope, inSync } = before ?? { scope: 'chains' as const, inSync: true };
    const same = before?.revision === liveRevision ? before : {};
    const live = { ...same, name, revision: liveRevision, digest: liveDigest, scope, inSync };
    const others = host.rulesets.filter((known) => known !== before);
    host.isCut ||= isFull(others);
    host.rulesets = withNewest(others, live);
  } else if (outcome === 'removed') {
    host.rulesets = host.rulesets.filter((known) => known !== before);
    host.removed = withNewest(without(host.removed, name), { name, revision });
  }
}

/** What of its ruleset is live once a content has ended. */
function takeEnded(
  host: HostState,
  { ruleset, liveRevision, liveDigest, ok }: RulesetEndedEvent['data'],
): void {
  const { name, revision } = ruleset;
  const before = host.rulesets.find((known) => known.name === name);
  if (!ok || before === undefined || before.revision !== revision) return;
  host.rulesets = host.rulesets.filter((known) => known !== before);
  if (liveRevision === null || liveDigest === null) {
    host.removed = withNewest(without(host.removed, name), { name, revision });
    return;
  }
  const { until: _over, ...rest } = before;
  host.rulesets.push({ ...rest, digest: liveDigest, liveRevision });
}

/** What of its list is committed once a job has ended. */
function takeListEnd(host: HostState, { action, outcome, list }: JobCompleted): void {
  if (list == null) return;
  const { name, revision, liveRevision, liveDigest, entries } = list;
  const others = without(host.lists, name);
  if (liveRevision !== null && liveDigest !== null) {
    host.isCut ||= isFull(others);
    host.lists = withNewest(others, { name, revision: liveRevision, digest: liveDigest, entries });
  } else if (action === 'list.remove' && (outcome === 'applied' || outcome === 'unchanged')) {
    host.lists = others;
    host.removedLists = withNewest(without(host.removedLists, name), { name, revision });
  }
}

function without<T extends { name: string }>(known: readonly T[], name: string): T[] {
  return known.filter((one) => one.name !== name);
}

function isFull(known: readonly unknown[]): boolean {
  return known.length >= MOST_NAMES;
}

/** Where there is no room, the one that was told of longest ago goes. What a host has said of itself is no more than fits into an event. */
function withNewest<T>(others: readonly T[], newest: T): T[] {
  return [...(isFull(others) ? others.slice(1) : others), newest];
}
