import { setTimeout as sleep } from 'node:timers/promises';
import { endRuleset } from '../../job/end-ruleset.ts';
import { endedEvent } from '../../job/outcome/ended-event.ts';
import type { JobFailure } from '../../job/outcome/job-failure.ts';
import { namesOfRecord } from '../../job/outcome/naming.ts';
import { rulesetState } from '../../job/outcome/ruleset-state.ts';
import { isOver } from '../../job/plan/lasting.ts';
import { WindowLeft } from '../../job/ports/confirmation.ts';
import { LockLost, LockTimeout } from '../../job/ports/host-lock.ts';
import type { Ports } from '../../job/ports/ports.ts';
import type { RulesetRecord } from '../../job/ports/stores.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';
import type { JobLanes } from './job-lanes.ts';

/** How often the calendar is looked at: it may have been set, and others on the host commit rulesets, too. */
const LOOK_MS = 1_000;

/** A content that could not be ended yet. */
interface Tried {
  until: string;
  pause: BackOff;
  /** Not before that, on the clock that nobody sets. */
  againMs: number;
  /** The codes that were told. */
  told: Set<string>;
}

/** Has each ruleset that ends go back in its time, between two jobs, and tries again until it has. */
export class EndingGuard {
  readonly #ports: Ports;
  readonly #turns: Pick<JobLanes, 'beforeNext'>;
  readonly #tried = new Map<string, Tried>();
  readonly #stopped = new AbortController();
  #going: Promise<void> = Promise.resolve();

  constructor(ports: Ports, turns: Pick<JobLanes, 'beforeNext'>) {
    this.#ports = ports;
    this.#turns = turns;
  }

  /** Ends what is over once, before any job: a host that was off may have missed the time. */
  async lookAtStart(): Promise<void> {
    await this.#look(async (work) => await work());
  }

  /** Looks by itself from now on. */
  start(): void {
    this.#going = this.#go();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#going;
  }

  async #go(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const dueMs = await this.#look(async (work) => await this.#turns.beforeNext(work));
      await sleep(Math.min(LOOK_MS, Math.max(1, dueMs)), undefined, { signal }).catch(() => {});
    }
  }

  /** @returns in how many milliseconds the next content ends */
  async #look(inTurn: (work: () => Promise<void>) => Promise<unknown>): Promise<number> {
    const { rulesets, log } = this.#ports;
    try {
      const ending = (await rulesets.list()).filter(({ end, live }) => end !== null && live !== null);
      for (const record of ending.filter((one) => isOver(one, Date.now())))
        if (this.#isItsTime(record)) await inTurn(async () => await this.#end(record));
      const left = ending.map(({ end }) => Date.parse(end?.until ?? '') - Date.now());
      return Math.min(LOOK_MS, ...left.filter((ms) => ms > 0));
    } catch (error) {
      log.debug({ error }, 'Cannot see which rulesets end');
      return LOOK_MS;
    }
  }

  #isItsTime({ name, end }: RulesetRecord): boolean {
    const tried = this.#tried.get(name);
    return tried === undefined || tried.until !== end?.until || tried.againMs <= monotonicMs();
  }

  async #end(record: RulesetRecord): Promise<void> {
    const { log } = this.#ports;
    const fields = namesOfRecord(record);
    try {
      const failure = await endRuleset(record.name, this.#ports);
      if (failure === null) this.#tried.delete(record.name);
      else await this.#tryAgain(record, failure);
    } catch (error) {
      this.#noteTry(record);
      if (error instanceof LockTimeout || error instanceof LockLost || error instanceof WindowLeft)
        log.info({ ...fields, error }, 'A ruleset that is over waits for its end');
      else log.error({ ...fields, error }, 'Cannot end a ruleset that is over: it is tried again');
    }
  }

  #noteTry({ name, end }: RulesetRecord): Tried {
    const until = end?.until ?? '';
    const before = this.#tried.get(name);
    const tried =
      before?.until === until ? before : { until, pause: new BackOff(), againMs: 0, told: new Set<string>() };
    tried.againMs = monotonicMs() + tried.pause.next();
    this.#tried.set(name, tried);
    return tried;
  }

  /** Whoever relies on the end has to know that it did not come. */
  async #tryAgain(record: RulesetRecord, failure: JobFailure): Promise<void> {
    const { events, log } = this.#ports;
    const { told, until } = this.#noteTry(record);
    const fields = { ...namesOfRecord(record), code: failure.code, reason: failure.message };
    log.error(fields, 'A ruleset that is over could not be ended: it is tried again');
    if (told.has(failure.code) || record.committed === null) return;
    told.add(failure.code);
    const ruleset = { name: record.name, revision: record.committed.revision };
    const { liveRevision, liveDigest } = await rulesetState(ruleset, null, this.#ports);
    const state = { liveRevision, liveDigest, diff: null, failure };
    events.publish(endedEvent(ruleset, until, state, this.#ports)).catch((error: unknown) => {
      log.debug({ ...namesOfRecord(record), error }, 'That a ruleset did not end is published later');
    });
  }
}
