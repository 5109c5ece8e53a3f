import type { FleetEvent } from '../../contract/event.ts';
import type { RolloutEvent } from '../../contract/rollout.ts';
import type { RolloutState } from './rollout-state.ts';

export interface RolloutOptions {
  /** How far to look back for its beginning; default: a week. */
  since?: Date | undefined;
  signal?: AbortSignal | undefined;
  onEvent?: ((event: FleetEvent | RolloutEvent, state: RolloutState) => void) | undefined;
}
