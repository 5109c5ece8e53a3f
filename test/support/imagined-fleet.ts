import type { FleetLink } from '../../src/broker/fleet-link.ts';
import type { OutgoingMessage } from '../../src/broker/publish/publish-channel.ts';
import type { IncomingMessage } from '../../src/broker/stream-source.ts';
import type { FleetEvent } from '../../src/contract/events/event.ts';
import { Job } from '../../src/contract/jobs/job.ts';
import {
  EVENTS_EXCHANGE,
  eventKey,
  JOBS_EXCHANGE,
  OPERATOR_EXCHANGE,
} from '../../src/contract/words/names.ts';
import { driftEventOf, jobEventOf, workerEventOf } from './example-events.ts';

/** What becomes of a job on a host: how it ends, or why it does not. `late`: its end comes when nobody waits for it any more. */
export interface Fate {
  kind: 'applied' | 'failed' | 'rolled_back' | 'silent' | 'stuck' | 'late' | 'unroutable';
  startMs: number;
  runMs: number;
  /** Whether the host had a revision before. */
  had: boolean;
  /** What comes over it, so long after it has applied the job. `dies`: it says nothing more, and takes nothing more. */
  after?: { kind: 'drifts' | 'offline' | 'dies' | 'undone'; ms: number } | undefined;
  /** How it takes back, if not well. */
  takeBack?: 'fails' | 'silent' | undefined;
  /** Whether it tells each end twice. */
  isTwice?: boolean;
}

/** When a controller dies: instead of, or after, its nth message. */
export interface Death {
  message: number;
  isAfter: boolean;
}

export type ImaginedLink = Pick<FleetLink, 'read' | 'publish' | 'isConsumed'> & {
  names: Pick<FleetLink['names'], 'hold' | 'release' | 'isHeld'>;
};

export const LATE_MS = 500_000;
const BEAT_MS = 30_000;
type Live = 'old' | 'new' | null;

/**
 * A fleet and its event log in memory, with fake timers: for thousands of rollouts, whose controllers die when the test wants.
 * Other tests show with real hosts that hosts behave as they do here.
 */
export class ImaginedFleet {
  readonly live = new Map<string, Live>();
  /** The jobs that hosts have run; one that was run twice is here twice. */
  readonly runs: string[] = [];
  readonly log: (IncomingMessage & { at: number })[] = [];
  /** What was sent to each host, in order. */
  readonly sent: { host: string; jobId: string; body: string; at: number }[] = [];
  /** Hosts that take nothing more, and since when. */
  readonly gone = new Map<string, number>();
  #holder: object | null = null;
  readonly #fates: ReadonlyMap<string, Fate>;
  readonly #readers = new Set<(message: IncomingMessage) => void>();
  readonly #queues = new Map<string, Promise<void>>();
  readonly #ends = new Map<string, FleetEvent>();

  constructor(fates: ReadonlyMap<string, Fate>) {
    this.#fates = fates;
    for (const [host, { had }] of fates) this.live.set(host, had ? 'old' : null);
  }

  /** Hosts that are there say so every 30 s, until that is ended. */
  beat(): () => void {
    const timer = setInterval(() => {
      for (const [host, { kind }] of this.#fates) {
        if (kind !== 'silent' && kind !== 'unroutable' && !this.gone.has(host))
          this.#say(host, workerEventOf(host, [], 'fleetwall.worker.heartbeat'));
      }
    }, BEAT_MS);
    return () => clearInterval(timer);
  }

  /** A controller's connection. After `die`, it sends and hears nothing any more. */
  connect(death?: Death): { link: ImaginedLink; die: () => void; died: Promise<void> } {
    let isAlive = true;
    let messages = 0;
    const self = {};
    let onDied: () => void = () => {};
    const died = new Promise<void>((resolve) => (onDied = resolve));
    const own = new Set<(message: IncomingMessage) => void>();
    const link: ImaginedLink = {
      names: {
        hold: async () => {
          if (!isAlive) return await new Promise<never>(() => {});
          const isFree = this.#holder === null;
          if (isFree) this.#holder = self;
          return isFree;
        },
        isHeld: async () => this.#holder !== null,
        release: () => {
          if (this.#holder === self) this.#holder = null;
        },
      },
      isConsumed: async (queue) => {
        await sleep(1);
        return !this.gone.has(queue.replace('fleetwall.host.', ''));
      },
      read: async (start, onMessage) => {
        const reader = (message: IncomingMessage) => {
          if (isAlive) onMessage(message);
        };
        const since = typeof start === 'object' && 'since' in start ? start.since.getTime() : 0;
        if (start !== 'next') for (const message of this.log) if (message.at >= since) reader(message);
        this.#readers.add(reader);
        own.add(reader);
        return async () => void this.#readers.delete(reader);
      },
      publish: async (message) => {
        await sleep(1);
        messages += 1;
        if (messages === death?.message && !death.isAfter) die();
        if (!isAlive) return await new Promise<never>(() => {});
        const answer = this.#take(message);
        if (messages === death?.message) die();
        await sleep(1);
        return isAlive ? answer : await new Promise<never>(() => {});
      },
    };
    const die = () => {
      isAlive = false;
      if (this.#holder === self) this.#holder = null;
      onDied();
      for (const reader of own) this.#readers.delete(reader);
    };
    return { link, die, died };
  }

  #take({ exchange, key, body }: OutgoingMessage): 'routed' | 'unroutable' {
    if (exchange === OPERATOR_EXCHANGE) this.#tell({ exchange, key, body });
    if (exchange !== JOBS_EXCHANGE) return 'routed';
    const host = key.replace('host.', '');
    const fate = this.#fates.get(host);
    if (fate === undefined || fate.kind === 'unroutable') return 'unroutable';
    const job = Job.parse(JSON.parse(body.toString('utf8')));
    this.sent.push({ host, jobId: job.id, body: body.toString('utf8'), at: Date.now() });
    const before = this.#queues.get(host) ?? Promise.resolve();
    this.#queues.set(
      host,
      before.then(async () => await this.#run(host, job, fate)),
    );
    return 'routed';
  }

  /** Runs a job as a worker does. One that has ended before gets its end again, and is not run. */
  async #run(host: string, job: Job, fate: Fate): Promise<void> {
    const { kind, startMs, runMs } = fate;
    const isDeaf = job.action !== 'apply' && fate.takeBack === 'silent';
    if (kind === 'silent' || isDeaf || this.gone.has(host)) return await new Promise<never>(() => {});
    const known = this.#ends.get(`${host} ${job.id}`);
    if (known !== undefined) {
      this.#say(host, known);
      return;
    }
    await sleep(kind === 'late' ? LATE_MS : startMs);
    if (this.gone.has(host)) return await new Promise<never>(() => {});
    this.#say(host, jobEventOf(host, job, null));
    if (kind === 'stuck') return await new Promise<never>(() => {});
    await sleep(runMs);
    if (this.gone.has(host)) return await new Promise<never>(() => {});
    this.runs.push(`${host} ${job.id}`);
    const end = jobEventOf(host, job, this.#outcome(host, job, fate));
    this.#ends.set(`${host} ${job.id}`, end);
    this.#say(host, end);
    if (fate.isTwice === true) this.#say(host, end);
  }

  #outcome(host: string, { action }: Job, { kind, after, had, takeBack }: Fate): string {
    if (action === 'apply') {
      if (kind === 'failed' || kind === 'rolled_back') return kind;
      this.live.set(host, 'new');
      if (after !== undefined) setTimeout(() => this.#befall(host, after.kind), after.ms);
      return 'applied';
    }
    // Both actions are accepted only by a host with the new revision.
    if (this.live.get(host) !== 'new') return 'rejected revision_conflict';
    if (takeBack === 'fails') return 'failed apply_failed';
    if (action === 'rollback' && !had) return 'rejected no_previous_revision';
    this.live.set(host, action === 'rollback' ? 'old' : null);
    return action === 'rollback' ? 'applied' : 'removed';
  }

  #befall(host: string, what: NonNullable<Fate['after']>['kind']): void {
    if (what === 'drifts') return this.#say(host, driftEventOf(host, 'edge'));
    if (what === 'undone') {
      if (this.live.get(host) !== 'new') return;
      this.live.set(host, 'old');
      return this.#say(host, jobEventOf(host, { id: `other-${host}`, action: 'rollback' }, 'applied'));
    }
    if (what === 'offline') this.#say(host, workerEventOf(host, [], 'fleetwall.worker.offline'));
    this.gone.set(host, Date.now());
  }

  #say(host: string, event: FleetEvent): void {
    const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
    const key = eventKey(host, event.type, outcome);
    this.#tell({ exchange: EVENTS_EXCHANGE, key, body: Buffer.from(JSON.stringify(event)) });
  }

  #tell(message: Pick<IncomingMessage, 'exchange' | 'key' | 'body'>): void {
    const contentType = 'application/cloudevents+json';
    const incoming = { ...message, contentType, user: undefined, offset: this.log.length };
    this.log.push({ ...incoming, at: Date.now() });
    for (const reader of this.#readers) reader(incoming);
  }
}

/** A sleep by the fake timers, which do not work for timers/promises. */
async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
