import type { FleetEvent } from '../../contract/events/event.ts';
import type { GateLook, GateRules } from '../../contract/rollouts/gates.ts';
import type { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import type { HostSelection, RulesetToPush } from '../ask/options.ts';
import type { RolloutState } from './rollout-state.ts';

/** A number of hosts, or a part of all. */
export type HostAmount = { count: number } | { percent: number };

/** What is looked at before the first step, through each soak, and at its end. */
export interface GateWatch {
  /** By what they decide. */
  rules: GateRules;
  /** Looks at all gates once; one that cannot be looked at is `inconclusive`. */
  look: (signal?: AbortSignal) => Promise<GateLook[]>;
}

/** What a rollout is to be. */
export interface RolloutPlan {
  /** What hosts are to apply. */
  ruleset: RulesetToPush;
  /** The hosts, which are taken in the order in which they are named. */
  whom: HostSelection;
  /** Default: one made of the date and the ruleset. */
  id?: string | undefined;
  /** Default: all at once; of more than ten hosts, one, then a tenth, then all. */
  steps?: readonly HostAmount[];
  /** How long to wait after each step, in seconds; default 0. */
  soakSeconds?: number;
  /** How many hosts may end badly before it stops; default 0 of each. `rejected`, `expired` and `cancelled` count as failed. */
  budgets?: { failed?: HostAmount; rolledBack?: HostAmount; silent?: HostAmount };
  /** What comes then: nothing more (`stop`, the default), what was applied is taken back, or it goes on. */
  onFailure?: 'stop' | 'rollback' | 'continue';
  /** What is looked at meanwhile: see {@link watchGates}. */
  gates?: GateWatch | undefined;
  /** Goes into its log: why it is begun although there is a freeze. */
  overrideFreeze?: string | undefined;
  /** For how long a host may take its job up after all steps could have ended; default 3,600. */
  expiresInSeconds?: number | undefined;
  /** As of a push. */
  confirm?: { mode: 'probe' | 'manual' | 'none'; timeoutSeconds?: number | undefined } | undefined;
  /** How many seconds a host has to begin; default 60. */
  deliverySeconds?: number;
  /**
   * How many seconds a host has to end then; default 60. A window in which somebody confirms (`manual`) is not counted, but that of probes is:
   * a host whose rules lock it out is heard of only when they were taken back.
   */
  executionSeconds?: number;
}

/** How to follow a rollout. */
export interface RolloutOptions {
  /** How far to look back for its beginning; default: 30 days, as far as the log of events goes. */
  since?: Date | undefined;
  /** Ends the call, which then rejects with the reason of the signal; another process can go on with the rollout. */
  signal?: AbortSignal | undefined;
  /** To go on with a rollout that has gates: the same as those that it was begun with. */
  gates?: GateWatch | undefined;
  /** Called with each look at the gates before the rollout begins; later ones are events. */
  onGates?: ((looks: readonly GateLook[]) => void) | undefined;
  /** Called with each event of it and of its hosts, and with its state after that. */
  onEvent?: ((event: FleetEvent | RolloutEvent, state: RolloutState) => void) | undefined;
}

/** A rollout that was found in the log of events; its state goes on until it is closed. */
export interface FoundRollout {
  /** As it is now. */
  readonly state: RolloutState;
  /**
   * Ends listening.
   *
   * @example
   * ```ts
   * const { rolloutId } = await fleet.rollout({ ruleset, whom: { hosts: ['web-1'] } });
   * const found = await fleet.findRollout(rolloutId);
   * await found.close();
   * console.log(found.state.step, found.state.ended?.hosts); // 0 { 'web-1': 'applied' }
   * ```
   */
  close(): Promise<void>;
}
