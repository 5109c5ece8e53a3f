import type { FleetEvent, ReportedRuleset } from '../contract/events/event.ts';
import type { RolloutEvent } from '../contract/rollouts/rollout-events.ts';
import type { Operator } from './ask/operator.ts';
import type {
  HostSelection,
  JobAnswers,
  LookOptions,
  PushOptions,
  RequestOptions,
  RulesetToPush,
  StreamStart,
} from './ask/options.ts';
import { BrokerNotes } from './broker-notes.ts';
import { connectOperator } from './connect-operator.ts';
import type { ConnectOptions } from './connect-options.ts';
import { forgetHost } from './fleet/forget-host.ts';
import { assertJobId } from './fleet/pick-up-job.ts';
import { answerJob, askReport, askRuleset, cancelJob } from './fleet/requests.ts';
import { FleetJob } from './fleet-job.ts';
import { FleetLists } from './fleet-lists.ts';
import type { EventReader } from './log/event-reader.ts';
import { EventStream } from './log/event-stream.ts';
import type { FleetState } from './log/fleet-state.ts';
import { readPast } from './log/read-past.ts';
import { OpenCalls } from './open-calls.ts';
import { findRollout } from './rollout/find-rollout.ts';
import type { FoundRollout, RolloutOptions, RolloutPlan } from './rollout/rollout-options.ts';
import type { RolloutEnd } from './rollout/rollout-state.ts';
import { abortRollout, isRolloutRun, pauseRollout, resumeRollout, startRollout } from './rollout/rollouts.ts';

/**
 * A connection to a fleet. It survives the loss of its connection to the broker; what was asked and not answered is asked again,
 * and hosts run the same job once.
 *
 * What is asked of hosts is refused with {@link RequestInvalid}, before anything is sent, if it is no job or for nobody. Errors have a
 * `code`. All that waits for hosts or for the broker takes an `AbortSignal`, and rejects with its reason.
 *
 * In the examples, `fleet` is a client, and `ruleset` has a name, the revision `next`, and a text:
 *
 * @example
 * ```ts
 * const edge = {
 *   name: 'edge',
 *   revision: 'next',
 *   ipv4: '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n',
 * } as const;
 * const answers = await fleet.push(edge, { hosts: ['web-1'] });
 * console.log(answers.get('web-1')?.end); // applied
 * ```
 */
export class FleetClient {
  readonly #calls: OpenCalls;
  readonly #reader: EventReader;
  /** Lists of addresses on the hosts of this fleet. */
  readonly lists: FleetLists;

  private constructor(operator: Operator) {
    this.#calls = new OpenCalls(operator);
    this.#reader = operator.reader;
    this.lists = new FleetLists(this.#calls);
  }

  /**
   * Connects to a fleet's broker, and makes on it what is missing there.
   *
   * @throws {@link SettingsError} for a URL or file that is none
   * @throws {@link BrokerUnreachable}; what the signal was aborted with
   *
   * @example
   * ```ts
   * const fleet = await FleetClient.connect({
   *   url: process.env['FLEETWALL_AMQP_URL'],
   *   name: 'deploy service',
   *   onNote: (note) => console.error(note),
   * });
   * console.log((await fleet.fleet()).hosts.has('web-1')); // true
   * await fleet.close();
   * ```
   */
  static async connect(options: ConnectOptions = {}): Promise<FleetClient> {
    return new FleetClient(await connectOperator(options, new BrokerNotes(options.onNote)));
  }

  /**
   * Routing keys of events that were passed over so far, the first of each host: they are not what they say of themselves, or too large.
   * See who may write as these hosts on the broker.
   *
   * @example
   * ```ts
   * await fleet.fleet();
   * console.log(fleet.unbelieved); // []
   * ```
   */
  get unbelieved(): readonly string[] {
    return this.#reader.unbelieved;
  }

  /**
   * Closes the connection. What is under way ends with {@link ClientClosed}, and so does what is asked for later; who listens to
   * {@link FleetClient.events} hears no more. What was sent is sent: hosts go on with it.
   *
   * @example
   * ```ts
   * const client = await FleetClient.connect({ url: process.env['FLEETWALL_AMQP_URL'] });
   * await client.close();
   * const { code } = await client.fleet().catch((error) => error);
   * console.log(code); // client_closed
   * ```
   */
  async close(): Promise<void> {
    await this.#calls.close();
  }

  /**
   * As {@link FleetClient.close}, at the end of the block.
   *
   * @example
   * ```ts
   * await using client = await FleetClient.connect({ url: process.env['FLEETWALL_AMQP_URL'] });
   * console.log((await client.fleet()).hosts.get('web-1')?.presence); // online
   * ```
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Has hosts apply a ruleset, and waits for how they end: until all have answered, or the time of the others is up.
   *
   * @throws {@link RequestInvalid}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * const answers = await fleet.push(ruleset, { hosts: ['web-1'] }, { confirm: { mode: 'probe', timeoutSeconds: 30 } });
   * for (const [host, { end, result }] of answers) {
   *   console.log(host, end); // web-1 applied
   *   for (const { line, reason } of result?.failure?.lines ?? []) console.error(`line ${line}: ${reason}`);
   * }
   * ```
   */
  async push(ruleset: RulesetToPush, whom: HostSelection, options: PushOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(askRuleset, ['apply', ruleset, whom], options);
  }

  /**
   * Has hosts do everything but the change.
   *
   * @throws {@link RequestInvalid}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * const answers = await fleet.check(ruleset, { groups: ['web'], onlineOnly: true });
   * const { end, result } = answers.get('web-1') ?? {};
   * console.log(end, result?.changed); // checked false
   * ```
   */
  async check(
    ruleset: RulesetToPush,
    whom: HostSelection,
    options: RequestOptions = {},
  ): Promise<JobAnswers> {
    return await this.#calls.run(askRuleset, ['check', ruleset, whom], options);
  }

  /**
   * Has hosts go back to what they had before, under a new revision.
   *
   * @throws {@link RequestInvalid}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * await fleet.push(ruleset, { hosts: ['web-1'] });
   * await fleet.push({ ...ruleset, ipv4: '*filter\nCOMMIT\n' }, { hosts: ['web-1'] });
   * const answers = await fleet.rollback('edge', 'next', { hosts: ['web-1'] });
   * console.log(answers.get('web-1')?.end); // applied
   * ```
   */
  async rollback(
    name: string,
    revision: number | 'next',
    whom: HostSelection,
    options: PushOptions = {},
  ): Promise<JobAnswers> {
    return await this.#calls.run(askRuleset, ['rollback', { name, revision }, whom], options);
  }

  /**
   * Has hosts take a ruleset away.
   *
   * @throws {@link RequestInvalid}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * await fleet.push(ruleset, { hosts: ['web-1'] });
   * const answers = await fleet.remove('edge', 'next', { hosts: ['web-1'] });
   * console.log(answers.get('web-1')?.end); // removed
   * ```
   */
  async remove(
    name: string,
    revision: number | 'next',
    whom: HostSelection,
    options: PushOptions = {},
  ): Promise<JobAnswers> {
    return await this.#calls.run(askRuleset, ['remove', { name, revision }, whom], options);
  }

  /**
   * What is live on hosts: of one ruleset, or of all. `null`: the host did not answer.
   *
   * @throws {@link RequestInvalid}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * await fleet.push(ruleset, { hosts: ['web-1'] });
   * const reports = await fleet.report('edge', { hosts: ['web-1'] });
   * for (const { name, inSync } of reports.get('web-1') ?? []) console.log(name, inSync); // edge true
   * ```
   */
  async report(
    name: string | undefined,
    whom: HostSelection,
    options: RequestOptions = {},
  ): Promise<Map<string, ReportedRuleset[] | null>> {
    return await this.#calls.run(askReport, [name, whom], options);
  }

  /**
   * A job that was sent before, by its id: of the answers to a push, or of what `onSending` was told. Nothing is asked of the broker yet.
   *
   * @throws {@link RequestInvalid} for what is no id of a job
   *
   * @example
   * ```ts
   * const { jobId } = await fleet.push(ruleset, { hosts: ['web-1'] });
   * if (jobId === null) throw new Error('it was live already');
   * // Later, and in another process:
   * const { hosts } = await fleet.job(jobId).look();
   * console.log(hosts.get('web-1')?.end); // applied
   * ```
   */
  job(jobId: string): FleetJob {
    assertJobId(jobId);
    return new FleetJob(jobId, this.#calls);
  }

  /**
   * Keeps what waits to be confirmed, on the hosts where it does.
   *
   * @example
   * ```ts
   * const answers = await fleet.push(ruleset, { hosts: ['web-1'] }, {
   *   confirm: { mode: 'manual', timeoutSeconds: 300 },
   *   onEvent: (event) => {
   *     if (event.type === 'fleetwall.job.awaiting_confirmation') void fleet.confirm(event.data.jobId);
   *   },
   * });
   * console.log(answers.get('web-1')?.end); // applied
   * ```
   */
  async confirm(jobId: string, options: RequestOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(answerJob, ['confirm', jobId], options);
  }

  /**
   * Takes back what waits to be confirmed, on the hosts where it does.
   *
   * @example
   * ```ts
   * const answers = await fleet.push(ruleset, { hosts: ['web-1'] }, {
   *   confirm: { mode: 'manual', timeoutSeconds: 300 },
   *   onEvent: (event) => {
   *     if (event.type === 'fleetwall.job.awaiting_confirmation') void fleet.abort(event.data.jobId);
   *   },
   * });
   * console.log(answers.get('web-1')?.end); // rolled_back
   * ```
   */
  async abort(jobId: string, options: RequestOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(answerJob, ['abort', jobId], options);
  }

  /**
   * Ends a job where it is not begun, also on hosts to which it comes later. Those that are there and have it answer at once; who has not
   * answered in `timeoutSeconds` (default 5) has begun it, has never had it, or is away.
   *
   * @example
   * ```ts
   * const { jobId } = await fleet.push(ruleset, { hosts: ['away-1'] }, { timeoutSeconds: 1 });
   * const cancelled = await fleet.cancel(jobId ?? '', { timeoutSeconds: 1 });
   * // It hears of that when it comes back.
   * console.log(cancelled.has('away-1')); // false
   * ```
   */
  async cancel(jobId: string, options: RequestOptions = {}): Promise<JobAnswers> {
    return await this.#calls.run(cancelJob, [jobId], options);
  }

  /**
   * Takes a host out of the fleet, with its queues and what waits in them.
   *
   * @throws {@link HostIsOnline}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * await fleet.forget('gone-1');
   * console.log((await fleet.fleet()).hosts.has('gone-1')); // false
   * ```
   */
  async forget(hostId: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#calls.run(forgetHost, [hostId], { signal });
  }

  /**
   * The fleet as it is now; hosts that do not answer are known for as long as `lookBackMs` (default: 30 days) goes back.
   *
   * @example
   * ```ts
   * const { hosts } = await fleet.fleet();
   * console.log(hosts.get('web-1')?.presence, hosts.get('away-1')?.presence); // online offline
   * ```
   */
  async fleet(options: LookOptions = {}): Promise<FleetState> {
    return await this.#calls.run(async (operator, own) => await operator.fleet(own), [], options);
  }

  /**
   * Lays out a rollout and runs it to its end. If this process dies, another one can go on with it: {@link FleetClient.resumeRollout}.
   *
   * @throws {@link PlanError}
   * @throws {@link RequestInvalid}
   * @throws {@link NobodyKnown}
   *
   * @example
   * ```ts
   * const { status, hosts } = await fleet.rollout({
   *   ruleset,
   *   whom: { groups: ['web'] },
   *   steps: [{ count: 1 }, { percent: 10 }, { percent: 100 }],
   *   budgets: { failed: { percent: 5 } },
   *   onFailure: 'rollback',
   * });
   * console.log(status, hosts['web-1']); // completed applied
   * ```
   */
  async rollout(plan: RolloutPlan, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await this.#calls.run(startRollout, [plan], options);
  }

  /**
   * Goes on with a rollout that was paused, or whose process is no more. One that is over is told once more.
   *
   * @throws {@link NoSuchRollout}
   * @throws {@link RolloutIsRun}; one that was paused then goes on where it is run
   * @throws {@link PlanError} if its jobs have expired
   *
   * @example
   * ```ts
   * const { rolloutId } = await fleet.rollout({ ruleset, whom: { hosts: ['web-1'] } });
   * const { status } = await fleet.resumeRollout(rolloutId);
   * console.log(status); // completed
   * ```
   */
  async resumeRollout(rolloutId: string, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await this.#calls.run(resumeRollout, [rolloutId], options);
  }

  /**
   * Has whoever runs a rollout begin no more steps of it until it is resumed.
   *
   * @returns whether a process runs it now
   * @throws {@link NoSuchRollout}
   * @throws {@link RolloutHasEnded}
   *
   * @example
   * ```ts
   * const id = 'to-be-paused';
   * const stop = new AbortController();
   * const plan = { id, ruleset, whom: { hosts: ['web-1', 'web-2'] }, steps: [{ count: 1 }, { percent: 100 }] };
   * const running = fleet.rollout({ ...plan, soakSeconds: 3_600 }, {
   *   signal: stop.signal,
   *   onEvent: (event, { isPaused }) => {
   *     if (event.type === 'fleetwall.job.completed') void fleet.pauseRollout(id);
   *     // It is left as it is, for whoever resumes it.
   *     if (isPaused) stop.abort(new Error(`${id} is paused`));
   *   },
   * });
   * console.log(await running.catch(String)); // Error: to-be-paused is paused
   * ```
   */
  async pauseRollout(rolloutId: string, options: RolloutOptions = {}): Promise<boolean> {
    return await this.#calls.run(pauseRollout, [rolloutId], options);
  }

  /**
   * Begins no more hosts of a rollout, and ends it; with `onFailure: 'rollback'`, what it did is taken back, too. A process that runs it
   * does so itself, and this waits for it.
   *
   * @throws {@link NoSuchRollout}
   * @throws {@link RolloutHasEnded}
   *
   * @example
   * ```ts
   * const id = 'to-be-aborted';
   * const plan = { id, ruleset, whom: { hosts: ['web-1', 'web-2'] }, steps: [{ count: 1 }, { percent: 100 }] };
   * const { status, hosts } = await fleet.rollout({ ...plan, soakSeconds: 3_600 }, {
   *   onEvent: (event) => {
   *     if (event.type === 'fleetwall.job.completed') void fleet.abortRollout(id);
   *   },
   * });
   * console.log(status, hosts['web-1'], hosts['web-2']); // aborted applied not_started
   * ```
   */
  async abortRollout(rolloutId: string, options: RolloutOptions = {}): Promise<RolloutEnd> {
    return await this.#calls.run(abortRollout, [rolloutId], options);
  }

  /**
   * A rollout as the log of events tells of it, now and as it goes on; to be closed in the end.
   *
   * @throws {@link NoSuchRollout}
   *
   * @example
   * ```ts
   * const { rolloutId } = await fleet.rollout({ ruleset, whom: { hosts: ['web-1'] } });
   * const found = await fleet.findRollout(rolloutId);
   * console.log(found.state.ended?.status, found.state.hosts.get('web-1')?.end); // completed applied
   * await found.close();
   * ```
   */
  async findRollout(rolloutId: string, options: RolloutOptions = {}): Promise<FoundRollout> {
    const found = await this.#calls.run(findRollout, [rolloutId], options);
    return { state: found.state, close: async () => await found.close() };
  }

  /**
   * Whether a process runs that rollout now; of one that is not there, none does.
   *
   * @throws {@link BrokerRefused}
   *
   * @example
   * ```ts
   * console.log(await fleet.isRolloutRun('there-is-none')); // false
   * ```
   */
  async isRolloutRun(
    rolloutId: string,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<boolean> {
    return await this.#calls.run(isRolloutRun, [rolloutId], { signal });
  }

  /**
   * Events that are in the log of events now, from a time on. Ends there; rejects with the reason of the signal.
   *
   * @example
   * ```ts
   * await fleet.push(ruleset, { hosts: ['web-1'] });
   * const outcomes: string[] = [];
   * for await (const event of fleet.past({ since: new Date(Date.now() - 24 * 3_600_000) }))
   *   if (event.type === 'fleetwall.job.completed') outcomes.push(event.data.outcome);
   * console.log(outcomes.at(-1)); // applied
   * ```
   */
  past({ since, signal }: { since: Date; signal?: AbortSignal }): AsyncIterable<FleetEvent | RolloutEvent> {
    return this.#calls.iterate({ signal }, ({ link, reader }, own) =>
      readPast(link, since, (message) => reader.read(message), own),
    );
  }

  /**
   * Events as they come, or from a place in the log of events on. Ends with the signal, when it is left, or when the client is closed.
   *
   * @example
   * ```ts
   * for await (const event of fleet.events({ signal: AbortSignal.timeout(60_000) })) {
   *   if (event.type !== 'fleetwall.worker.heartbeat') continue;
   *   console.log(event.data.groups.includes('web')); // true
   *   break;
   * }
   * ```
   */
  events({
    from = 'next',
    signal,
  }: {
    from?: StreamStart;
    signal?: AbortSignal;
  } = {}): AsyncIterable<FleetEvent | RolloutEvent> {
    return this.#calls.iterate(
      { signal },
      ({ link, reader }, own) => new EventStream(link, from, (message) => reader.read(message), own),
    );
  }
}
