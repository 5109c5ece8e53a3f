import type { FleetEvent } from '../../contract/event.ts';
import type { GateLook, GateRules } from '../../contract/gates.ts';
import type { RolloutEvent } from '../../contract/rollout-events.ts';
import type { HostSelection, RulesetToPush } from '../fleet/options.ts';
import type { RolloutState } from './rollout-state.ts';

/** A number of hosts, or a part of all. */
export type HostAmount = { count: number } | { percent: number };

/** What is looked at before the first step, through each soak, and at its end. */
export interface GateWatch {
  rules: GateRules;
  /** Looks at all gates once; one that cannot be looked at is `inconclusive`. */
  look: (signal?: AbortSignal) => Promise<GateLook[]>;
}

export interface RolloutPlan {
  ruleset: RulesetToPush;
  whom: HostSelection;
  /** Default: one made of the date and the ruleset. */
  id?: string | undefined;
  /** Default: all at once; of more than ten hosts, one, then a tenth, then all. */
  steps?: readonly HostAmount[];
  soakSeconds?: number;
  budgets?: { failed?: HostAmount; rolledBack?: HostAmount; silent?: HostAmount };
  onFailure?: 'stop' | 'rollback' | 'continue';
  gates?: GateWatch | undefined;
  /** Goes into its log: why it is begun although there is a freeze. */
  overrideFreeze?: string | undefined;
  /** For how long a host may take its job up after all steps could have ended; default 3,600. */
  expiresInSeconds?: number | undefined;
  confirm?: { mode: 'probe' | 'manual' | 'none'; timeoutSeconds?: number | undefined } | undefined;
  /** To be begun by a host, and to be ended then; each default 60. */
  deliverySeconds?: number;
  executionSeconds?: number;
}

export interface RolloutOptions {
  /** How far to look back for its beginning; default: a week. */
  since?: Date | undefined;
  signal?: AbortSignal | undefined;
  /** To go on with a rollout that has gates: the same as those that it was begun with. */
  gates?: GateWatch | undefined;
  /** Called with each look at the gates before the rollout begins; later ones are events. */
  onGates?: ((looks: readonly GateLook[]) => void) | undefined;
  onEvent?: ((event: FleetEvent | RolloutEvent, state: RolloutState) => void) | undefined;
}

/** A rollout that was found in the log of events; its state goes on until it is closed. */
export interface FoundRollout {
  readonly state: RolloutState;
  close(): Promise<void>;
}
