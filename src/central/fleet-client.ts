import { userOf } from '../broker/connection/broker-access.ts';
import { FleetLink } from '../broker/fleet-link.ts';
import type { StreamStart } from '../broker/sources.ts';
import type { FleetEvent, ReportedRuleset } from '../contract/event.ts';
import { CONTROL_EXCHANGE, hostKey } from '../contract/names.ts';
import type { RolloutEvent } from '../contract/rollout.ts';
import { type SigningKey } from '../keys/signing-key.ts';
import { silentLog } from '../log/logger.ts';
import { type ConnectOptions, readConnectOptions } from './connect-options.ts';
import { type AskOptions, ask, type Errand, type HostAnswer } from './fleet/ask.ts';
import { EventStream } from './fleet/event-stream.ts';
import type { FleetState } from './fleet/fleet-state.ts';
import { readIncoming } from './fleet/incoming.ts';
import { prepareControl, prepareJob } from './fleet/messages.ts';
import { nextRevisions, type RulesetToPush } from './fleet/next-revision.ts';
import { type LookOptions, observeFleet } from './fleet/observe-fleet.ts';
import type { PushOptions, RequestOptions } from './fleet/options.ts';
import { errandsFor, lookOnce, type Selection } from './fleet/select.ts';
import type { RolloutPlan } from './rollout/plan-rollout.ts';
import type { RolloutLog } from './rollout/rollout-log.ts';
import type { RolloutOptions } from './rollout/rollout-options.ts';
import type { RolloutEnd } from './rollout/rollout-state.ts';
import { findRollout, requestOfRollout, run, startRollout } from './rollout/rollouts.ts';

export type { StreamStart } from '../broker/sources.ts';
export type { RolloutPlan } from './rollout/plan-rollout.ts';

/** How each host answered, by its id. */
export type Answers = Map<string, HostAnswer>;

const TIMEOUT_SECONDS = 60;
const ANSWER_MS = 2_000;
const LOOK_BACK_MS = 10 * 60_000;

/**
 * A connection to a fleet. It survives the loss of its connection to the broker; what was asked and not answered is asked again,
 * and hosts run the same job once.
 */
export class FleetClient {
  readonly link: FleetLink;
  readonly keys: readonly SigningKey[];
  readonly user: string | undefined;

  private constructor(link: FleetLink, keys: readonly SigningKey[], user: string | undefined) {
    this.link = link;
    this.keys = keys;
    this.user = user;
  }

  /** @throws {SettingsError} {@link BrokerUnreachable}; what the signal was aborted with */
  static async connect(options: ConnectOptions = {}): Promise<FleetClient> {
    const { access, keys, name } = await readConnectOptions(options);
    const link = await FleetLink.connect({ access, name, log: silentLog(), signal: options.signal });
    return new FleetClient(link, keys, userOf(access));
  }

  async close(): Promise<void> {
    await this.link.close();
  }

  /** Has hosts apply a ruleset. @throws {RequestInvalid} if it is none */
  async push(ruleset: RulesetToPush, whom: Selection, options: PushOptions = {}): Promise<Answers> {
    return await this.#askRuleset('apply', ruleset, whom, options);
  }

  /** Has hosts do everything but the change. */
  async check(ruleset: RulesetToPush, whom: Selection, options: RequestOptions = {}): Promise<Answers> {
    return await this.#askRuleset('check', ruleset, whom, options);
  }

  /** Has hosts go back to what they had before, under a new revision. */
  async rollback(
    name: string,
    revision: number | 'next',
    whom: Selection,
    options: PushOptions = {},
  ): Promise<Answers> {
    return await this.#askRuleset('rollback', { name, revision }, whom, options);
  }

  /** Has hosts take a ruleset away. */
  async remove(
    name: string,
    revision: number | 'next',
    whom: Selection,
    options: PushOptions = {},
  ): Promise<Answers> {
    return await this.#askRuleset('remove', { name, revision }, whom, options);
  }

  /** What is live on hosts: of one ruleset, or of all. */
  async report(
    name: string | undefined,
    whom: Selection,
    options: RequestOptions = {},
  ): Promise<Map<string, ReportedRuleset[] | null>> {
    const errands = await errandsFor(lookOnce(this, options.signal), whom, async (target) => {
      const ruleset = name === undefined ? {} : { ruleset: { name } };
      return await prepareJob({ action: 'report', target, ...ruleset }, this.keys);
    });
    const answers = await this.ask(errands, options);
    return new Map([...answers].map(([host, { result }]) => [host, result?.report?.rulesets ?? null]));
  }

  /** Keeps what waits to be confirmed, on the hosts where it does. */
  async confirm(jobId: string, options: RequestOptions = {}): Promise<Answers> {
    return await this.#answer('confirm', jobId, options);
  }

  /** Takes back what waits to be confirmed, on the hosts where it does. */
  async abort(jobId: string, options: RequestOptions = {}): Promise<Answers> {
    return await this.#answer('abort', jobId, options);
  }

  /** The fleet as it is now; hosts that do not answer are known for as long as `lookBackMs` (default: 10 minutes) goes back. */
  async fleet({
    lookBackMs = LOOK_BACK_MS,
    answerMs = ANSWER_MS,
    signal,
  }: LookOptions = {}): Promise<FleetState> {
    const ping = await prepareControl({ kind: 'ping' }, { all: true }, this.keys);
    return await observeFleet(this.link, {
      user: this.user,
      ping,
      since: new Date(Date.now() - lookBackMs),
      answerMs,
      signal,
    });
  }

  /**
   * Lays out a rollout and runs it to its end. If this process dies, another one can go on with it: {@link resumeRollout}.
   *
   * @throws {PlanError}
   */
  async rollout(plan: RolloutPlan, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await startRollout(this, plan, options);
  }

  /** Goes on with a rollout whose process is no more. @throws {NoSuchRollout} {@link RolloutIsRun} */
  async resumeRollout(rolloutId: string, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await run(this, await findRollout(this, rolloutId, options), options);
  }

  /** Begins no more steps of a rollout until it is resumed, whoever runs it. @throws {NoSuchRollout} */
  async pauseRollout(rolloutId: string, options: RolloutOptions = {}): Promise<void> {
    await requestOfRollout(this, rolloutId, 'pause', options);
  }

  /** Begins no more hosts of a rollout, and has whoever runs it end it. @throws {NoSuchRollout} */
  async abortRollout(rolloutId: string, options: RolloutOptions = {}): Promise<void> {
    await requestOfRollout(this, rolloutId, 'abort', options);
  }

  /** A rollout as the log of events tells of it; to be closed in the end. @throws {NoSuchRollout} */
  async findRollout(rolloutId: string, options: RolloutOptions = {}): Promise<RolloutLog> {
    return await findRollout(this, rolloutId, options);
  }

  /** Events as they come, or from a place in the log of events on. Ends with the signal, or when it is left. */
  events({
    from = 'next',
    signal,
  }: {
    from?: StreamStart;
    signal?: AbortSignal;
  } = {}): AsyncIterable<FleetEvent | RolloutEvent> {
    return new EventStream(
      this.link,
      from,
      (message) => readIncoming(message, this.user)?.event ?? null,
      signal,
    );
  }

  /** Publishes jobs, and gathers the answers. */
  async ask(
    errands: readonly Errand[],
    { timeoutSeconds = TIMEOUT_SECONDS, signal, onEvent }: RequestOptions,
    exchange?: string,
  ): Promise<Answers> {
    const options: AskOptions = { user: this.user, timeoutMs: timeoutSeconds * 1000, signal, onEvent };
    return await ask(this.link, errands, exchange === undefined ? options : { ...options, exchange });
  }

  async #askRuleset(
    action: 'apply' | 'check' | 'rollback' | 'remove',
    ruleset: RulesetToPush,
    whom: Selection,
    options: PushOptions,
  ): Promise<Answers> {
    const { rolloutId, confirm } = options;
    const common = {
      action,
      ...(rolloutId === undefined ? {} : { rolloutId }),
      ...(confirm === undefined || action === 'check' ? {} : { confirm: { ...confirm } }),
    };
    const observer = lookOnce(this, options.signal);
    const parts = await nextRevisions(observer, ruleset, whom);
    const errands: Errand[] = [];
    for (const { whom: part, ruleset: own } of parts) {
      const make = async (target: object) => await prepareJob({ ...common, target, ruleset: own }, this.keys);
      errands.push(...(await errandsFor(observer, part, make)));
    }
    return await this.ask(errands, options);
  }

  async #answer(kind: 'confirm' | 'abort', jobId: string, options: RequestOptions): Promise<Answers> {
    const fleet = await this.fleet({ signal: options.signal });
    const hosts = [...fleet.hosts.values()]
      .filter(({ pending }) => pending === jobId)
      .map(({ hostId }) => hostId);
    if (hosts.length === 0) return new Map();
    const message = await prepareControl({ kind, jobId }, { hosts }, this.keys);
    const errand = { message: { ...message, jobId }, keys: hosts.map(hostKey), hosts };
    return await this.ask([errand], options, CONTROL_EXCHANGE);
  }
}
