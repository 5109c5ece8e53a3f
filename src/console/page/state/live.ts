import type { FleetAnswer, HostRow } from '../../api/hosts.ts';
import type { Changes, Source } from '../../api/live.ts';
import type { RolloutRow, RolloutsAnswer } from '../../api/rollouts.ts';
import { ask, goToLogin } from './ask.ts';
import { LiveRows } from './live-rows.ts';
import { needsReload } from './needs-reload.ts';

const RETRY = 2_000;
/** A page that nobody sees for so long gives its connection back: browsers have few of them for all their tabs. */
const UNSEEN = 60_000;
/** The least time between two renderings of what came. */
const PAUSE = 200;

/** Of the page to its server. */
type LinkState = 'connecting' | 'open' | 'lost';

type ChangesListener = (changes: Changes) => void;

/**
 * What the page has heard, and goes on hearing. Changes are taken in as they come, and told to the views some times a second, before a
 * frame is painted. After each new connection all is asked for again: what came to pass meanwhile was not heard.
 */
class Live {
  readonly hosts = new LiveRows<HostRow>(({ hostId }) => hostId);
  readonly rollouts = new LiveRows<RolloutRow>(({ rolloutId }) => rolloutId);
  source: Source | null = null;
  link: LinkState = 'connecting';
  lostAt: number | null = null;
  /** Another one each time that all has to be asked for again. */
  epoch = 0;
  /** Why the fleet or the rollouts could not be had. */
  problem: string | null = null;

  readonly #wanted = new Set<'hosts' | 'rollouts'>();
  readonly #listeners = new Set<() => void>();
  readonly #changesListeners = new Set<ChangesListener>();
  #stream: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #unseen: ReturnType<typeof setTimeout> | undefined;
  #isTelling = false;
  #toldAt = 0;

  start(): void {
    this.#connect();
    document.addEventListener('visibilitychange', () => this.#seen());
  }

  /** Calls back after changes, some times a second at most. Returns how to end that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back with each message of changes. Returns how to end that. */
  onChanges(listener: ChangesListener): () => void {
    this.#changesListeners.add(listener);
    return () => this.#changesListeners.delete(listener);
  }

  /** From the first time on that a view wants them, these rows are kept up to date. */
  want(what: 'hosts' | 'rollouts'): void {
    if (this.#wanted.has(what)) return;
    this.#wanted.add(what);
    if (this.epoch > 0) void this.#load(what);
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#stream?.close();
    const stream = new EventSource('/api/live');
    this.#stream = stream;
    stream.addEventListener('open', () => this.#opened());
    stream.addEventListener('error', () => this.#lost(stream));
    stream.addEventListener('source', ({ data }) => this.#heard(JSON.parse(data) as Source));
    stream.addEventListener('changes', ({ data }) => this.#changed(JSON.parse(data) as Changes));
  }

  #opened(): void {
    this.link = 'open';
    this.lostAt = null;
    this.#reload();
  }

  #lost(stream: EventSource): void {
    this.link = 'lost';
    this.lostAt ??= Date.now();
    this.#tell();
    // A browser tries again by itself where the connection broke, and not where the answer was no stream.
    if (stream.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#tryAgain(), RETRY);
  }

  async #tryAgain(): Promise<void> {
    const { status } = await fetch('/api/source').catch(() => ({ status: 0 }));
    if (status === 401) goToLogin();
    else this.#connect();
  }

  #heard(source: Source): void {
    const before = this.source;
    this.source = source;
    if (needsReload(before, source)) this.#reload();
    else this.#tell();
  }

  #changed(changes: Changes): void {
    const { seq, hosts, gone, rollouts } = changes;
    this.hosts.change({ seq, rows: hosts, gone });
    this.rollouts.change({ seq, rows: rollouts });
    for (const listener of this.#changesListeners) listener(changes);
    this.#tell();
  }

  #reload(): void {
    this.epoch += 1;
    for (const what of this.#wanted) void this.#load(what);
    this.#tell();
  }

  async #load(what: 'hosts' | 'rollouts'): Promise<void> {
    try {
      if (what === 'hosts') {
        const asked = this.hosts.ask();
        const { seq, hosts } = await ask<FleetAnswer>('/api/fleet');
        this.hosts.take(asked, { seq, rows: hosts });
      } else {
        const asked = this.rollouts.ask();
        const { seq, rollouts } = await ask<RolloutsAnswer>('/api/rollouts');
        this.rollouts.take(asked, { seq, rows: rollouts });
      }
      this.problem = null;
    } catch (error) {
      this.problem = (error as Error).message;
      const { epoch } = this;
      setTimeout(() => this.epoch === epoch && void this.#load(what), RETRY);
    }
    this.#tell();
  }

  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const wait = Math.max(0, this.#toldAt + PAUSE - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.#tellNow()), wait);
  }

  #tellNow(): void {
    this.#isTelling = false;
    this.#toldAt = performance.now();
    for (const listener of this.#listeners) listener();
  }

  #seen(): void {
    clearTimeout(this.#unseen);
    if (document.visibilityState === 'hidden') this.#unseen = setTimeout(() => this.#rest(), UNSEEN);
    else if (this.#stream === null) this.#connect();
  }

  #rest(): void {
    clearTimeout(this.#retry);
    this.#stream?.close();
    this.#stream = null;
  }
}

export const live = new Live();
