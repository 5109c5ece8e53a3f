import assert from 'node:assert/strict';
import type { RolloutEnd } from '../../src/central/rollout/rollout-state.ts';
import type { RolloutEvent, RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import type { ImaginedFleet } from './imagined-fleet.ts';
import { countsAs, endAt, eventsOf, type Heard, hear, nothingHeard } from './night-log.ts';
import type { Night } from './rollout-night.ts';

/** What came so shortly before something was said may not have been known when that was decided. */
const JUST_MS = 5;
/** So long before something was begun, it was looked whether hosts are there. */
const LOOKED_MS = 2_000;
/** Nobody is called lost before. */
const AWAY_MS = 40_000;

interface Told {
  fleet: ImaginedFleet;
  record: RolloutStarted;
  end: RolloutEnd;
}

/** Follows the log of a night, and holds each step that the rollout took against what was known then. */
export class NightChecks {
  readonly #night: Night;
  readonly #told: Told;
  readonly #heard: Map<string, Heard>;
  #step = -1;
  #abortedAt = Number.POSITIVE_INFINITY;
  #pausedAt = Number.POSITIVE_INFINITY;
  #gate = { isFailed: false, inRow: 0, last: '', step: -2 };
  #isStopping = false;
  #endedAt: number | null = null;

  constructor(night: Night, told: Told) {
    this.#night = night;
    this.#told = told;
    this.#heard = nothingHeard(told.record);
  }

  run(): void {
    for (const { at, event } of eventsOf(this.#told.fleet)) {
      if (this.#endedAt !== null) break;
      if ('hostId' in event.data) {
        const host = this.#heard.get(event.data.hostId);
        if (host !== undefined) hear(this.#told.record, host, event as never, at);
      } else this.#follow(event as RolloutEvent, at);
    }
    assert.notEqual(this.#endedAt, null, 'the log does not say that it has ended');
    this.#checkSent();
  }

  #follow({ type, data }: RolloutEvent, at: number): void {
    switch (type) {
      case 'fleetwall.rollout.started':
      case 'fleetwall.rollout.taken':
        break;
      case 'fleetwall.rollout.step':
        this.#begin(data, at);
        break;
      case 'fleetwall.rollout.unroutable':
        for (const host of data.hosts) this.#host(host).end ??= { how: 'unroutable', at };
        break;
      case 'fleetwall.rollout.lost':
        for (const host of data.hosts) this.#lose(host, at);
        break;
      case 'fleetwall.rollout.looked':
        this.#look(data.looks[0]?.verdict ?? '', data.step);
        break;
      case 'fleetwall.rollout.stopping':
        this.#isStopping = true;
        break;
      case 'fleetwall.rollout.requested':
        this.#request(data.request, at);
        break;
      case 'fleetwall.rollout.ended':
        this.#endedAt = at;
        this.#checkEnd(at);
    }
  }

  #begin({ step, hosts }: { step: number; hosts: string[] }, at: number): void {
    // What was asked for before in the log comes first: nobody is told anything then.
    if (this.#abortedAt <= at || this.#pausedAt <= at) return;
    assert.ok(!this.#isStopping, 'a step was begun while others were taken back');
    this.#mayGoOn(at, true);
    assert.equal(step, this.#step + 1, 'steps are not begun in their order');
    this.#step = step;
    for (const host of hosts) Object.assign(this.#host(host), { step, begunAt: at });
  }

  #request(what: 'pause' | 'resume' | 'abort', at: number): void {
    if (what === 'abort') this.#abortedAt = Math.min(this.#abortedAt, at);
    else this.#pausedAt = what === 'pause' ? at : Number.POSITIVE_INFINITY;
  }

  #host(id: string): Heard {
    const host = this.#heard.get(id);
    assert.ok(host, `${id} is not of this rollout`);
    return host;
  }

  #lose(id: string, at: number): void {
    const goneAt = this.#told.fleet.gone.get(id) ?? Number.POSITIVE_INFINITY;
    assert.ok(at - goneAt >= AWAY_MS, `${id} is called lost, and is there`);
    this.#host(id).spoiledAt ??= at;
  }

  #look(verdict: string, step: number): void {
    const { gate } = this.#night;
    if (verdict === 'pass') this.#gate.inRow = 0;
    if (verdict === 'fail') this.#gate.inRow += 1;
    this.#gate.isFailed =
      this.#gate.inRow >= (this.#step === -1 ? 1 : (gate?.failures ?? 1)) ||
      (verdict === 'inconclusive' && gate?.onInconclusive === 'fail');
    this.#gate.last = verdict;
    this.#gate.step = step;
  }

  /** @param isSoaked whether it had to wait, and to look, before */
  #mayGoOn(at: number, isSoaked: boolean): void {
    const { onFailure, gate } = this.#night;
    const goesOver = onFailure === 'continue' && this.#step >= 0;
    if (gate !== null && !(goesOver && this.#gate.isFailed)) {
      assert.deepEqual(this.#gate, { ...this.#gate, isFailed: false, last: 'pass', step: this.#step });
    }
    for (const [id, host] of this.#heard) {
      if (host.step === null) continue;
      this.#isDone(id, host, at);
      if (isSoaked) this.#hasSoaked(id, host, at);
    }
    if (onFailure === 'continue') return;
    for (const [what, most] of Object.entries(this.#night.budgets)) {
      // What was heard just before may be known or not: it is held against nobody.
      const count = this.#count(what, what === 'silent' ? at : at - JUST_MS);
      assert.ok(count <= most, `it went on although ${count} hosts are ${what}, of ${most}`);
    }
  }

  #count(what: string, at: number): number {
    return [...this.#heard.values()].filter((host) => countsAs(host, at) === what).length;
  }

  /** It has ended, or has had its time. */
  #isDone(id: string, { end, startedAt, begunAt }: Heard, at: number): void {
    if (end !== null) return;
    const { deliverySeconds, executionSeconds } = this.#told.record;
    const due = startedAt === null ? begunAt + deliverySeconds * 1000 : startedAt + executionSeconds * 1000;
    assert.ok(at >= due, `${id} had time left`);
  }

  #hasSoaked(id: string, { end, spoiledAt, takenBackAt }: Heard, at: number): void {
    const { soakSeconds } = this.#night;
    const isLate = this.#night.fates.get(id)?.kind === 'late';
    if (end === null || end.at > at - JUST_MS || isLate) return;
    assert.ok(at - end.at >= soakSeconds * 1000, `the soak after ${id} was cut short`);
    const isWatched = soakSeconds > 0 || this.#night.gate !== null;
    if (!isWatched || end.how !== 'applied' || spoiledAt !== null || takenBackAt !== null) return;
    const goneAt = this.#told.fleet.gone.get(id) ?? Number.POSITIVE_INFINITY;
    assert.ok(goneAt > at - LOOKED_MS, `${id} had died ${at - goneAt} ms before, and it was not seen`);
  }

  #checkEnd(at: number): void {
    const { end, record } = this.#told;
    for (const [id, host] of this.#heard) {
      const known = new Set([endAt(host, at), endAt(host, at - JUST_MS)]);
      assert.ok(
        known.has(end.hosts[id] ?? ''),
        `${id}: ${end.hosts[id]}, and not ${[...known].join(' or ')}`,
      );
      if (host.step !== null) this.#isDone(id, host, at);
    }
    assert.deepEqual(Object.keys(end.hosts), record.hosts);
    if (end.status === 'aborted') assert.ok(this.#abortedAt <= at, 'nobody wanted it aborted');
    else assert.ok(this.#abortedAt > at - JUST_MS, 'it was to be aborted');
    if (end.status === 'completed') {
      assert.equal(this.#step, record.steps.length - 1, 'steps are left out');
      assert.ok(!this.#isStopping, 'it went on after it had begun to take back');
      this.#mayGoOn(at, this.#night.gate !== null);
    }
    if (end.status !== 'stopped') return;
    const isOver = Object.entries(this.#night.budgets).some(([what, most]) => this.#count(what, at) > most);
    const isSilent = this.#countLate() > this.#night.budgets.silent;
    assert.ok(this.#gate.isFailed || isSilent || isOver, 'nothing was there to stop it for');
    assert.notEqual(end.reason, null);
  }

  /** Hosts that had not ended when their time was up: a budget that was spent stays so, though they are heard of after all. */
  #countLate(): number {
    return [...this.#heard.values()].filter(({ step, end, startedAt, begunAt }) => {
      const { deliverySeconds, executionSeconds } = this.#told.record;
      const due = startedAt === null ? begunAt + deliverySeconds * 1000 : startedAt + executionSeconds * 1000;
      const hadBegun = begunAt + deliverySeconds * 1000;
      const isLate = end !== null && (end.at >= due || (startedAt ?? 0) >= hadBegun);
      return step !== null && (end === null || end.how === 'unroutable' || isLate);
    }).length;
  }

  /** What hosts were told, and in which order. */
  #checkSent(): void {
    const { fleet, record, end } = this.#told;
    const { rollback, remove } = record.takeBack ?? {};
    const apply = record.jobs[0]?.jobId ?? '';
    const bodies = new Map<string, string>();
    const firstBack = new Map<string, number>();
    for (const { host, jobId, body, at } of fleet.sent) {
      assert.ok([apply, rollback?.jobId, remove?.jobId].includes(jobId), `${host} was told something else`);
      assert.equal(bodies.get(jobId) ?? body, body, 'one job is two');
      bodies.set(jobId, body);
      const heard = this.#host(host);
      assert.ok(heard.step !== null && at >= heard.begunAt, `${host} was told before its step`);
      if (jobId !== apply && !firstBack.has(host)) firstBack.set(host, at);
    }
    assert.equal(new Set(fleet.runs).size, fleet.runs.length, 'a host ran a job twice');
    const isBack = end.status !== 'completed' && this.#night.onFailure === 'rollback';
    if (!isBack) assert.equal(firstBack.size, 0, 'hosts were told to go back');
    else this.#checkOrder(firstBack);
  }

  /** All that have it are told to go back, those of the newest step first. */
  #checkOrder(firstBack: ReadonlyMap<string, number>): void {
    let soFar = 0;
    for (let step = this.#step; step >= 0; step -= 1) {
      const done = [...this.#heard].filter(
        ([id, host]) =>
          host.step === step &&
          host.end?.how === 'applied' &&
          host.end.at <= (this.#endedAt ?? 0) - JUST_MS &&
          this.#night.fates.get(id)?.kind === 'applied',
      );
      const times = done.map(([id]) => firstBack.get(id) ?? Number.NaN);
      for (const [index, [id]] of done.entries()) {
        const at = times[index] ?? Number.NaN;
        assert.ok(!Number.isNaN(at), `${id} was not told to go back`);
        assert.ok(at >= soFar, `${id} of step ${step} was told to go back before newer ones`);
      }
      soFar = Math.max(soFar, ...times);
    }
  }
}
