import type { FleetEvent } from '../contract/event.ts';
import type { RolloutEvent } from '../contract/rollout.ts';
import type { RolloutState } from './rollout-state.ts';

export interface Options {
  /** Of an answer; default 60. */
  timeoutSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called with each event of the job, as it comes. */
  onEvent?: ((event: FleetEvent) => void) | undefined;
  rolloutId?: string | undefined;
}

export interface RolloutOptions {
  /** How far to look back for its beginning; default: a week. */
  since?: Date | undefined;
  signal?: AbortSignal | undefined;
  onEvent?: ((event: FleetEvent | RolloutEvent, state: RolloutState) => void) | undefined;
}

export interface PushOptions extends Options {
  confirm?: { mode: 'probe' | 'manual' | 'none'; timeoutSeconds?: number | undefined } | undefined;
}
