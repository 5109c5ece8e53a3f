import type { FleetLink } from '../../broker/fleet-link.ts';
import { NOT_BEGUN } from './host-progress.ts';
import { HostSends } from './host-sends.ts';
import type { Decision } from './rollout-decision.ts';
import type { RolloutState } from './rollout-state.ts';

/** What a queue needs at most that finds a new leader after a node of the broker is gone. */
const FAILOVER_MS = 15_000;
/** What the broker has not confirmed when the log can be read again, it confirms in the same moment. */
const SETTLE_MS = 2_000;

/** What it needs of who runs the rollout. */
export interface TellOptions {
  link: Pick<FleetLink, 'publish'>;
  state: RolloutState;
  /** Aborted when nobody is told anything any more. */
  signal: AbortSignal;
  /** Called with what {@link FleetLink.publish} throws. */
  onError: (error: unknown) => void;
  /** Called when the broker has the job of a host, or has no queue for it. */
  onTaken: () => void;
}

/** Tells the hosts of one rollout what to do: the job of their step, and to go back. Nobody waits for that, but where it says so. */
export class HostTeller {
  /** When a host was asked to go back, as `ACTION HOST`. */
  readonly takeBackAskedAt = new Map<string, number>();
  readonly #sends: HostSends;
  readonly #state: RolloutState;
  readonly #signal: AbortSignal;
  readonly #jobsSignal: AbortSignal;
  readonly #onTaken: () => void;
  readonly #sent = new Set<string>();
  /** Those of whom it was waited for the broker to take their job, in vain. */
  readonly #untaken = new Set<string>();
  #unroutable: string[] = [];
  /** Aborted when hosts are told to go back. */
  readonly #noJobs = new AbortController();

  constructor({ link, state, signal, onError, onTaken }: TellOptions) {
    this.#sends = new HostSends(link, onError);
    this.#state = state;
    this.#signal = signal;
    this.#jobsSignal = AbortSignal.any([signal, this.#noJobs.signal]);
    this.#onTaken = onTaken;
  }

  /** Sends their job to hosts of steps that have begun, of which nobody can say any more whether they were sent it. */
  sendOpen(): void {
    // Who takes back what was done tells nobody to do it.
    if (this.#state.stopping !== null) return;
    const { record, hosts } = this.#state;
    for (const job of record.jobs) {
      for (const host of job.hosts) {
        const { step, end } = hosts.get(host) ?? NOT_BEGUN;
        if (step === null || end !== null || this.#sent.has(host)) continue;
        this.#sent.add(host);
        // Its time begins when the broker has it. While a queue has no leader, that is waited for.
        this.#state.sent(host, Date.now() + Math.max(0, FAILOVER_MS - record.deliverySeconds * 1000));
        this.#sends.tell(host, job, this.#jobsSignal, (routed) => {
          this.#state.sent(host, Date.now());
          if (routed === 'unroutable') this.#unroutable.push(host);
          this.#onTaken();
        });
      }
    }
  }

  /** @returns those whom nobody takes it for, each once */
  takeUnroutable(): string[] {
    return this.#unroutable.splice(0);
  }

  takeBack({ hosts, how }: Extract<Decision, { kind: 'take-back' }>): void {
    const { takeBack } = this.#state.record;
    if (takeBack === null) return;
    // What the broker has not taken by now would come behind what takes it back.
    this.#noJobs.abort(new Error('what was done is taken back'));
    for (const host of hosts) {
      for (const action of how) {
        const onAsked = () => void this.takeBackAskedAt.set(`${action} ${host}`, Date.now());
        onAsked();
        this.#sends.tell(host, takeBack[action], this.#signal, onAsked);
      }
    }
  }

  /** It may have been the broker that stood still, and not the hosts: then it takes what is for them about now. */
  async settleSilent(hosts: readonly string[]): Promise<void> {
    const silent = hosts.filter((host) => !this.#untaken.has(host));
    await this.#sends.settle(silent, SETTLE_MS);
    for (const host of silent) this.#untaken.add(host);
  }

  /** What hosts that were silent will find is to be with the broker, as far as that takes it. */
  async settleTakenBack(): Promise<void> {
    if (!this.#noJobs.signal.aborted) return;
    const { hosts, deliverySeconds } = this.#state.record;
    await this.#sends.settle(hosts, Math.max(deliverySeconds * 1000, FAILOVER_MS));
  }

  /** Gives hosts that were asked to go back more time. */
  excuse(ms: number): void {
    for (const [what, at] of this.takeBackAskedAt) this.takeBackAskedAt.set(what, at + ms);
  }
}
