import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError } from '../../config/settings-error.ts';
import type { ReportedList } from '../../contract/events/event.ts';
import { DEFAULT_LIST_ENTRIES, MAX_LIST_ENTRIES } from '../../contract/jobs/list-job.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import type {
  HostAnswers,
  HostSelection,
  ListChange,
  ListOptions,
  RequestOptions,
  WholeList,
} from '../ask/options.ts';
import { asEntry, Bans, isAsWanted } from './bans.ts';
import { type CrowdSec, type Pulled, SourceAway } from './crowdsec.ts';

export interface FollowOptions extends ListOptions {
  /** The list. */
  name: string;
  everyMs: number;
  /** Called with what hosts answered to each change. */
  onAnswers: (answers: HostAnswers) => void;
  /** Called with what a person should know. */
  onNote: (note: string) => void;
}

/** So often hosts are held against all that the source says, even if nothing was amiss. */
const WHOLE_MS = 3_600_000;
/** … and so soon after a host did not do what it was asked for. */
const AMISS_MS = 60_000;
/** More than this is sent as a whole list. */
const LARGEST_CHANGE = 20_000;

/** What it needs of the lists of a fleet. */
interface ListsOfHosts {
  report: (
    name: string,
    whom: HostSelection,
    options: RequestOptions,
  ) => Promise<Map<string, ReportedList | null>>;
  replace: (list: WholeList, whom: HostSelection, options: ListOptions) => Promise<HostAnswers>;
  change: (list: ListChange, whom: HostSelection, options: ListOptions) => Promise<HostAnswers>;
}

/**
 * Has a list hold what a source bans, until the signal. While the source cannot be asked, nothing is changed: what is in the list ends
 * when it was to end.
 *
 * @throws {SettingsError} if the source does not know the key; what the signal was aborted with
 */
export async function followBans(
  source: Pick<CrowdSec, 'pull'>,
  lists: ListsOfHosts,
  whom: HostSelection,
  options: FollowOptions,
): Promise<never> {
  return await new Following(source, lists, whom, options).run();
}

class Following {
  readonly #source: Pick<CrowdSec, 'pull'>;
  readonly #lists: ListsOfHosts;
  readonly #whom: HostSelection;
  readonly #options: FollowOptions;
  readonly #bans = new Bans();
  /** What hosts have left out, as they must never have it. */
  readonly #skipped = new Map<string, ReadonlySet<string>>();
  readonly #odd = new Set<string>();
  #nextWhole = 0;
  #isAway = false;
  #wasThere = false;

  constructor(
    source: Pick<CrowdSec, 'pull'>,
    lists: ListsOfHosts,
    whom: HostSelection,
    options: FollowOptions,
  ) {
    this.#source = source;
    this.#lists = lists;
    this.#whom = whom;
    this.#options = options;
  }

  async run(): Promise<never> {
    const { signal, everyMs } = this.#options;
    for (;;) {
      const isWhole = Date.now() >= this.#nextWhole;
      const pulled = await this.#pull(isWhole);
      if (pulled !== null && isWhole) await this.#makeSame(pulled);
      else if (pulled !== null) await this.#change(pulled);
      await sleep(everyMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }

  /** @returns `null`: it cannot be asked now */
  async #pull(isWhole: boolean): Promise<Pulled | null> {
    const { onNote, signal } = this.#options;
    try {
      const pulled = await this.#source.pull(isWhole, signal);
      if (this.#isAway) onNote('the source answers again');
      this.#isAway = false;
      this.#wasThere = true;
      for (const odd of pulled.odd) {
        if (!this.#odd.has(odd)) onNote(`left out: ${odd}`);
        this.#odd.add(odd);
      }
      return pulled;
    } catch (error) {
      if (!(error instanceof SourceAway)) throw error;
      if (error.isRefusal && !this.#wasThere) throw new SettingsError(error.message, { cause: error });
      if (!this.#isAway) onNote(`${error.message}; nothing is changed until it does`);
      this.#isAway = true;
      // What it has told in an answer that was lost, it does not tell again.
      this.#nextWhole = 0;
      return null;
    }
  }

  /** Has all hosts hold what the source says, if any of them does not. */
  async #makeSame(pulled: Pulled): Promise<void> {
    this.#nextWhole = Date.now() + WHOLE_MS;
    this.#bans.reset(pulled);
    const wanted = this.#bans.tellAll(Date.now());
    const { name, signal, timeoutSeconds } = this.#options;
    const reports = await this.#lists.report(name, this.#whom, { signal, timeoutSeconds });
    const isRight = [...reports].every(
      ([host, list]) => list === null || isAsWanted(list, wanted, this.#skipped.get(host) ?? new Set()),
    );
    if (!isRight) await this.#replace(wanted);
  }

  async #replace(wanted: ReadonlyMap<string, number>): Promise<void> {
    const { name } = this.#options;
    const entries = [...wanted].map(([entry, until]) => asEntry(entry, until));
    const room = entries.length * 2 > DEFAULT_LIST_ENTRIES ? { maxEntries: roomFor(entries.length) } : {};
    const list = { name, revision: 'next', kind: 'deny', entries, onNever: 'skip', ...room } as const;
    this.#note(await this.#lists.replace(list, this.#whom, this.#options), true);
  }

  async #change(pulled: Pulled): Promise<void> {
    const nowMs = Date.now();
    const { add, remove } = this.#bans.take(pulled, nowMs);
    if (add.length + remove.length === 0) return;
    if (add.length + remove.length > LARGEST_CHANGE) return await this.#replace(this.#bans.tellAll(nowMs));
    const { name } = this.#options;
    const list = { name, revision: 'next', add, remove, onNever: 'skip' } as const;
    this.#note(await this.#lists.change(list, this.#whom, this.#options), false);
  }

  #note(answers: HostAnswers, isWhole: boolean): void {
    for (const [host, { result }] of answers) {
      const before = isWhole ? [] : (this.#skipped.get(host) ?? []);
      this.#skipped.set(host, new Set([...before, ...(result?.skipped ?? [])]));
    }
    const isAmiss = [...answers.values()].some(({ end, result }) => result !== null && !isGoodEnd(end));
    if (isAmiss) this.#nextWhole = Math.min(this.#nextWhole, Date.now() + AMISS_MS);
    this.#options.onAnswers(answers);
  }
}

/** Twice as many, so that a list that grows is seldom made anew. */
function roomFor(count: number): number {
  return Math.min(MAX_LIST_ENTRIES, 2 ** Math.ceil(Math.log2(count * 2)));
}
