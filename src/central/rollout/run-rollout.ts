import { GateLooks } from './gate-looks.ts';
import { type ControlLink, runElsewhere, whileHeld } from './hold-rollout.ts';
import { NOT_BEGUN } from './host-progress.ts';
import { jobsExpired } from './jobs-expired.ts';
import { assertSameGates } from './open-gates.ts';
import { PresenceWatch } from './presence.ts';
import { type Decision, decide, endOf } from './rollout-decision.ts';
import type { RolloutLog } from './rollout-log.ts';
import type { GateWatch } from './rollout-options.ts';
import type { RolloutEnd } from './rollout-state.ts';
import { HostTeller } from './tell-hosts.ts';
import { thisProcess } from './this-process.ts';

/**
 * Runs a rollout to its end, from wherever it is: all that this process knows is in the log of events, so that another one can go on
 * when it is no more. What is sent twice because of that is the same job, and hosts run it once.
 *
 * @throws {RolloutIsRun}
 */
export async function runRollout(
  link: ControlLink,
  log: RolloutLog,
  gates: GateWatch | undefined,
  signal?: AbortSignal,
): Promise<RolloutEnd> {
  if (log.state.ended !== null) return log.state.ended;
  // What is to be ended needs no gates any more.
  if (!log.state.isAborted && log.state.stopping === null) assertSameGates(log.state.record, gates);
  return await whileHeld(
    link,
    log.state.record.rolloutId,
    async (own) => await runHeld(link, log, { gates, lookedAt: null }, own),
    signal,
  );
}

/**
 * The same, where it is held already.
 *
 * @param lookedAt when this process has looked at the gates before the first step; `null`: it has not
 */
export async function runHeld(
  link: ControlLink,
  log: RolloutLog,
  { gates, lookedAt }: { gates: GateWatch | undefined; lookedAt: number | null },
  signal: AbortSignal,
): Promise<RolloutEnd> {
  // Who ran it until now has said everything in the log by the time it lets go of the name.
  await log.readToEnd(signal);
  const { ended } = log.state;
  if (ended !== null) return ended;
  await log.takeOver(thisProcess(), signal);
  return await new Controller(link, log, new GateLooks(gates, lookedAt), signal).run();
}

/** Where it takes longer to read the log to its end, the broker was in trouble. */
const PROMPT_MS = 5_000;
const GATHER_MS = 10;

class Controller {
  readonly #link: ControlLink;
  readonly #log: RolloutLog;
  readonly #signal: AbortSignal;
  readonly #hosts: HostTeller;
  /** Aborted with what keeps it from going on, and when it does not. */
  readonly #broken = new AbortController();
  #stepEnded: { step: number; at: number } | null = null;
  readonly #presence = new PresenceWatch();
  readonly #gates: GateLooks;

  constructor(link: ControlLink, log: RolloutLog, gates: GateLooks, signal: AbortSignal) {
    this.#gates = gates;
    this.#link = link;
    this.#log = log;
    this.#signal = AbortSignal.any([signal, this.#broken.signal]);
    this.#hosts = new HostTeller({
      link,
      state: log.state,
      signal: this.#signal,
      onError: (error) => this.#broken.abort(error),
      onTaken: () => log.wake(),
    });
  }

  async run(): Promise<RolloutEnd> {
    try {
      return await this.#untilItEnds();
    } finally {
      // What the broker still has not taken is given up.
      this.#broken.abort(new Error('the rollout is not run here any more'));
    }
  }

  async #untilItEnds(): Promise<RolloutEnd> {
    for (;;) {
      this.#signal.throwIfAborted();
      const { state } = this.#log;
      if (state.ended !== null) return state.ended;
      // The broker may have given up this process's connection, and so let another have it, before this one knows.
      if (this.#log.isTakenAway) throw runElsewhere(state.record.rolloutId);
      this.#hosts.sendOpen();
      await this.#sayUnroutable();
      const decision = decide(state, this.#clock());
      if (decision.kind === 'wait') {
        if (decision.until === Number.POSITIVE_INFINITY) this.#forgetLooks();
        await this.#log.change(decision.until, this.#signal);
        // Events of thousands of hosts come together, and each decision looks at all hosts.
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
        continue;
      }
      // The log may know more than this process, which may have stood still; and who is silent may only not have been read.
      const isLook = decision.kind === 'look' || decision.kind === 'check-presence';
      const hasReadAll = (isLook && !this.#hasSilent()) || (await this.#readToEnd());
      if ((!hasReadAll && this.#hasSilent()) || this.#log.isTakenAway) continue;
      await this.#hosts.settleSilent(this.#silent());
      // What was read meanwhile may ask for something else.
      const latest = decide(state, this.#clock());
      if (latest.kind !== 'wait') await this.#carryOut(latest);
    }
  }

  /** While it is paused, nothing is looked at: what was seen before says nothing of the time after that. */
  #forgetLooks(): void {
    this.#gates.forget();
    this.#presence.forget();
  }

  #hasSilent(): boolean {
    return this.#silent().length > 0;
  }

  #silent(): string[] {
    const { state } = this.#log;
    const now = Date.now();
    return [...state.hosts].flatMap(([host, progress]) =>
      endOf(progress, state, now) === 'silent' ? [host] : [],
    );
  }

  /**
   * Hosts are not heard either while the log cannot be read: then they get their time anew.
   *
   * @returns whether the log was there at once
   */
  async #readToEnd(): Promise<boolean> {
    const { state } = this.#log;
    const began = Date.now();
    await this.#log.readToEnd(this.#signal);
    const tookMs = Date.now() - began;
    if (tookMs < PROMPT_MS) return true;
    const excuseMs = tookMs + state.record.deliverySeconds * 1000;
    state.excuse(excuseMs);
    this.#hosts.excuse(excuseMs);
    return false;
  }

  #clock() {
    const now = Date.now();
    const { state } = this.#log;
    const isOver = state
      .hostsOf(state.step)
      .every((host) => endOf(state.hosts.get(host) ?? NOT_BEGUN, state, now) !== null);
    if (isOver && this.#stepEnded?.step !== state.step) {
      this.#stepEnded = { step: state.step, at: now };
      this.#presence.forget();
    }
    const stepEndedAt = this.#stepEnded?.step === state.step ? this.#stepEnded.at : null;
    const presence = this.#presence;
    return {
      now,
      stepEndedAt,
      lookedAt: this.#gates.lookedAt(state, now),
      presence,
      takeBackAskedAt: this.#hosts.takeBackAskedAt,
    };
  }

  async #sayUnroutable(): Promise<void> {
    const { rolloutId } = this.#log.state.record;
    for (;;) {
      const hosts = this.#hosts.takeUnroutable();
      if (hosts.length === 0) return;
      await this.#log.say('fleetwall.rollout.unroutable', { rolloutId, hosts }, this.#signal);
    }
  }

  async #carryOut(decision: Exclude<Decision, { kind: 'wait' }>): Promise<void> {
    const { rolloutId } = this.#log.state.record;
    if (decision.kind === 'begin') {
      const { step, hosts } = decision;
      await this.#log.say('fleetwall.rollout.step', { rolloutId, step, hosts }, this.#signal);
    } else if (decision.kind === 'look') {
      await this.#look();
    } else if (decision.kind === 'check-presence') {
      const hosts = await this.#presence.check(this.#link, this.#log.state, decision.isEnd);
      this.#signal.throwIfAborted();
      if (hosts.length > 0) await this.#log.say('fleetwall.rollout.lost', { rolloutId, hosts }, this.#signal);
    } else if (decision.kind === 'expired') {
      throw jobsExpired(this.#log.state.record);
    } else if (decision.kind === 'stop') {
      const { reason } = decision;
      await this.#log.say('fleetwall.rollout.stopping', { rolloutId, reason }, this.#signal);
    } else if (decision.kind === 'end') {
      await this.#hosts.settleTakenBack();
      await this.#log.say('fleetwall.rollout.ended', decision.end, this.#signal);
    } else this.#hosts.takeBack(decision);
  }

  async #look(): Promise<void> {
    const { step, record } = this.#log.state;
    const looks = await this.#gates.look(step, this.#signal);
    await this.#log.say(
      'fleetwall.rollout.looked',
      { rolloutId: record.rolloutId, step, looks },
      this.#signal,
    );
  }
}
