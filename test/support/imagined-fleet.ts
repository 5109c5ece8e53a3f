import type { FleetLink } from '../../src/broker/fleet-link.ts';
import type { OutgoingMessage } from '../../src/broker/publish/publish-channel.ts';
import type { IncomingMessage } from '../../src/broker/stream-source.ts';
import type { FleetEvent } from '../../src/contract/event.ts';
import { Job } from '../../src/contract/job.ts';
import { EVENTS_EXCHANGE, eventKey, JOBS_EXCHANGE, OPERATOR_EXCHANGE } from '../../src/contract/names.ts';
import { jobEventOf } from './example-events.ts';

/** What becomes of a job on a host: how it ends, or why it does not. `late`: its end comes when nobody waits for it any more. */
export interface Fate {
  kind: 'applied' | 'failed' | 'rolled_back' | 'silent' | 'stuck' | 'late' | 'unroutable';
  startMs: number;
  runMs: number;
  /** Whether the host had a revision before. */
  had: boolean;
}

export type ImaginedLink = Pick<FleetLink, 'read' | 'publish' | 'isConsumed'> & {
  names: Pick<FleetLink['names'], 'hold' | 'release'>;
};

export const LATE_MS = 500_000;
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
  readonly #fates: ReadonlyMap<string, Fate>;
  readonly #readers = new Set<(message: IncomingMessage) => void>();
  readonly #queues = new Map<string, Promise<void>>();
  readonly #ends = new Map<string, FleetEvent>();

  constructor(fates: ReadonlyMap<string, Fate>) {
    this.#fates = fates;
    for (const [host, { had }] of fates) this.live.set(host, had ? 'old' : null);
  }

  /** A controller's connection. After `die`, it sends and hears nothing any more. */
  connect(): { link: ImaginedLink; die: () => void } {
    let isAlive = true;
    const own = new Set<(message: IncomingMessage) => void>();
    const link: ImaginedLink = {
      names: { hold: async () => true, release: () => {} },
      isConsumed: async () => true,
      read: async (start, onMessage) => {
        const reader = (message: IncomingMessage) => {
          if (isAlive) onMessage(message);
        };
        if (start !== 'next') for (const message of this.log) reader(message);
        this.#readers.add(reader);
        own.add(reader);
        return async () => void this.#readers.delete(reader);
      },
      publish: async (message) => {
        await sleep(1);
        if (!isAlive) return await new Promise<never>(() => {});
        const answer = this.#take(message);
        await sleep(1);
        return isAlive ? answer : await new Promise<never>(() => {});
      },
    };
    const die = () => {
      isAlive = false;
      for (const reader of own) this.#readers.delete(reader);
    };
    return { link, die };
  }

  #take({ exchange, key, body }: OutgoingMessage): 'routed' | 'unroutable' {
    if (exchange === OPERATOR_EXCHANGE) this.#tell({ exchange, key, body });
    if (exchange !== JOBS_EXCHANGE) return 'routed';
    const host = key.replace('host.', '');
    const fate = this.#fates.get(host);
    if (fate === undefined || fate.kind === 'unroutable') return 'unroutable';
    const job = Job.parse(JSON.parse(body.toString('utf8')));
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
    if (kind === 'silent') return await new Promise<never>(() => {});
    const known = this.#ends.get(`${host} ${job.id}`);
    if (known !== undefined) {
      this.#say(host, known);
      return;
    }
    await sleep(kind === 'late' ? LATE_MS : startMs);
    this.#say(host, jobEventOf(host, job, null));
    if (kind === 'stuck') return await new Promise<never>(() => {});
    await sleep(runMs);
    this.runs.push(`${host} ${job.id}`);
    const end = jobEventOf(host, job, this.#outcome(host, job, kind));
    this.#ends.set(`${host} ${job.id}`, end);
    this.#say(host, end);
  }

  #outcome(host: string, { action }: Job, kind: Fate['kind']): string {
    if (action === 'apply') {
      if (kind === 'failed' || kind === 'rolled_back') return kind;
      this.live.set(host, 'new');
      return 'applied';
    }
    // Both actions are accepted only by a host with the new revision.
    if (this.live.get(host) !== 'new') return 'rejected revision_conflict';
    const { had } = this.#fates.get(host) ?? { had: false };
    if (action === 'rollback' && !had) return 'rejected no_previous_revision';
    this.live.set(host, action === 'rollback' ? 'old' : null);
    return action === 'rollback' ? 'applied' : 'removed';
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
