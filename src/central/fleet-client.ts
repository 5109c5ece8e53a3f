import { userOf } from '../broker/connection/broker-access.ts';
import { FleetLink } from '../broker/fleet-link.ts';
import type { FleetEvent, ReportedRuleset } from '../contract/event.ts';
import type { RolloutEvent } from '../contract/rollout-events.ts';
import { BrokerNotes } from './broker-notes.ts';
import type { ConnectOptions } from './connect-options.ts';
import { EventReader } from './fleet/event-reader.ts';
import { EventStream } from './fleet/event-stream.ts';
import { FleetLists } from './fleet/fleet-lists.ts';
import type { FleetState } from './fleet/fleet-state.ts';
import { forgetHost } from './fleet/forget-host.ts';
import { Operator } from './fleet/operator.ts';
import type {
  HostAnswers,
  HostSelection,
  LookOptions,
  PushOptions,
  RequestOptions,
  RulesetToPush,
  StreamStart,
} from './fleet/options.ts';
import { readPast } from './fleet/read-past.ts';
import { answerJob, askReport, askRuleset, cancelJob } from './fleet/requests.ts';
import { readConnectOptions } from './read-connect-options.ts';
import type { FoundRollout, RolloutOptions, RolloutPlan } from './rollout/rollout-options.ts';
import type { RolloutEnd } from './rollout/rollout-state.ts';
import { findRollout, requestOfRollout, resumeRollout, startRollout } from './rollout/rollouts.ts';

/**
 * A connection to a fleet. It survives the loss of its connection to the broker; what was asked and not answered is asked again,
 * and hosts run the same job once.
 *
 * What is asked of hosts is refused with {@link RequestInvalid}, before anything is sent, if it is no job or for nobody.
 */
export class FleetClient {
  readonly #operator: Operator;
  /** Lists of addresses on the hosts of this fleet. */
  readonly lists: FleetLists;

  private constructor(operator: Operator) {
    this.#operator = operator;
    this.lists = new FleetLists(operator);
  }

  /** @throws {SettingsError} {@link BrokerUnreachable}; what the signal was aborted with */
  static async connect(options: ConnectOptions = {}): Promise<FleetClient> {
    const { keys, ...how } = await readConnectOptions(options);
    const log = new BrokerNotes(options.onNote);
    const link = await FleetLink.connect({ ...how, log, signal: options.signal });
    return new FleetClient(new Operator(link, keys, new EventReader(userOf(how.access))));
  }

  /**
   * Routing keys of events that were passed over so far, the first of each host: they are not what they say of themselves, or too large.
   * See who may write as these hosts on the broker.
   */
  get unbelieved(): readonly string[] {
    return this.#operator.reader.unbelieved;
  }

  async close(): Promise<void> {
    await this.#operator.link.close();
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Has hosts apply a ruleset. @throws {RequestInvalid} */
  async push(ruleset: RulesetToPush, whom: HostSelection, options: PushOptions = {}): Promise<HostAnswers> {
    return await askRuleset(this.#operator, 'apply', ruleset, whom, options);
  }

  /** Has hosts do everything but the change. @throws {RequestInvalid} */
  async check(
    ruleset: RulesetToPush,
    whom: HostSelection,
    options: RequestOptions = {},
  ): Promise<HostAnswers> {
    return await askRuleset(this.#operator, 'check', ruleset, whom, options);
  }

  /** Has hosts go back to what they had before, under a new revision. @throws {RequestInvalid} */
  async rollback(
    name: string,
    revision: number | 'next',
    whom: HostSelection,
    options: PushOptions = {},
  ): Promise<HostAnswers> {
    return await askRuleset(this.#operator, 'rollback', { name, revision }, whom, options);
  }

  /** Has hosts take a ruleset away. @throws {RequestInvalid} */
  async remove(
    name: string,
    revision: number | 'next',
    whom: HostSelection,
    options: PushOptions = {},
  ): Promise<HostAnswers> {
    return await askRuleset(this.#operator, 'remove', { name, revision }, whom, options);
  }

  /** What is live on hosts: of one ruleset, or of all. `null`: the host did not answer. @throws {RequestInvalid} */
  async report(
    name: string | undefined,
    whom: HostSelection,
    options: RequestOptions = {},
  ): Promise<Map<string, ReportedRuleset[] | null>> {
    return await askReport(this.#operator, name, whom, options);
  }

  /** Keeps what waits to be confirmed, on the hosts where it does. */
  async confirm(jobId: string, options: RequestOptions = {}): Promise<HostAnswers> {
    return await answerJob(this.#operator, 'confirm', jobId, options);
  }

  /** Takes back what waits to be confirmed, on the hosts where it does. */
  async abort(jobId: string, options: RequestOptions = {}): Promise<HostAnswers> {
    return await answerJob(this.#operator, 'abort', jobId, options);
  }

  /**
   * Ends a job where it is not begun, also on hosts to which it comes later. Those that are there and have it answer at once; who has not
   * answered in `timeoutSeconds` (default 5) has begun it, has never had it, or is away.
   */
  async cancel(jobId: string, options: RequestOptions = {}): Promise<HostAnswers> {
    return await cancelJob(this.#operator, jobId, options);
  }

  /**
   * Takes a host out of the fleet, with its queues and what waits in them.
   *
   * @throws {HostIsOnline} {@link NobodyKnown}
   */
  async forget(hostId: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await forgetHost(this.#operator, hostId, signal);
  }

  /** The fleet as it is now; hosts that do not answer are known for as long as `lookBackMs` (default: 30 days) goes back. */
  async fleet(options: LookOptions = {}): Promise<FleetState> {
    return await this.#operator.fleet(options);
  }

  /**
   * Lays out a rollout and runs it to its end. If this process dies, another one can go on with it: {@link resumeRollout}.
   *
   * @throws {PlanError} {@link RequestInvalid}
   */
  async rollout(plan: RolloutPlan, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await startRollout(this.#operator, plan, options);
  }

  /**
   * Goes on with a rollout that was paused, or whose process is no more.
   *
   * @throws {NoSuchRollout} {@link RolloutIsRun}; one that was paused then goes on where it is run
   */
  async resumeRollout(rolloutId: string, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await resumeRollout(this.#operator, rolloutId, options);
  }

  /** Begins no more steps of a rollout until it is resumed, whoever runs it. @throws {NoSuchRollout} */
  async pauseRollout(rolloutId: string, options: RolloutOptions = {}): Promise<void> {
    await requestOfRollout(this.#operator, rolloutId, 'pause', options);
  }

  /** Begins no more hosts of a rollout, and has whoever runs it end it. @throws {NoSuchRollout} */
  async abortRollout(rolloutId: string, options: RolloutOptions = {}): Promise<void> {
    await requestOfRollout(this.#operator, rolloutId, 'abort', options);
  }

  /** A rollout as the log of events tells of it, now and as it goes on; to be closed in the end. @throws {NoSuchRollout} */
  async findRollout(rolloutId: string, options: RolloutOptions = {}): Promise<FoundRollout> {
    return await findRollout(this.#operator, rolloutId, options);
  }

  /** Events that are in the log of events now, from a time on. */
  past({ since, signal }: { since: Date; signal?: AbortSignal }): AsyncIterable<FleetEvent | RolloutEvent> {
    const { link, reader } = this.#operator;
    return readPast(link, since, (message) => reader.read(message), signal);
  }

  /** Events as they come, or from a place in the log of events on. Ends with the signal, or when it is left. */
  events({
    from = 'next',
    signal,
  }: {
    from?: StreamStart;
    signal?: AbortSignal;
  } = {}): AsyncIterable<FleetEvent | RolloutEvent> {
    const { link, reader } = this.#operator;
    return new EventStream(link, from, (message) => reader.read(message), signal);
  }
}
