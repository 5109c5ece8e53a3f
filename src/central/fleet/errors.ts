/** What a client of a fleet may be told; each has a `code` that stays the same. */
export { BrokerRefused, BrokerUnreachable } from '../../broker/connection/broker-errors.ts';
export { SettingsError } from '../../config/settings-error.ts';

/** What was asked for is no job: a name, revision or text is not as it has to be. */
export class RequestInvalid extends Error {
  override readonly name = 'RequestInvalid';
  readonly code = 'request_invalid';
}

/** Nobody whom it is for has ever been heard of. */
export class NobodyKnown extends Error {
  override readonly name = 'NobodyKnown';
  readonly code = 'nobody_known';
}

/** A host that runs is not taken out of the fleet. */
export class HostIsOnline extends Error {
  override readonly name = 'HostIsOnline';
  readonly code = 'host_is_online';
}

/** What was asked for cannot be made a rollout of. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code = 'plan_invalid';
}

/** There is no such rollout in the part of the log that was read. */
export class NoSuchRollout extends Error {
  override readonly name = 'NoSuchRollout';
  readonly code = 'no_such_rollout';
}

/** Another process runs it. */
export class RolloutIsRun extends Error {
  override readonly name = 'RolloutIsRun';
  readonly code = 'rollout_is_run';
}

/** What was asked of a rollout is not to be had any more: it has ended. */
export class RolloutHasEnded extends Error {
  override readonly name = 'RolloutHasEnded';
  readonly code = 'rollout_has_ended';
}

/** A gate was not open before the first step: nothing was begun. */
export class GateFailed extends Error {
  override readonly name = 'GateFailed';
  readonly code = 'gate_failed';
}
