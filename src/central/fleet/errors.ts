/** What a client of a fleet may be told; each has a `code` that stays the same. */
export { BrokerRefused, BrokerUnreachable } from '../../broker/connection/broker-errors.ts';
export { SettingsError } from '../../config/settings-error.ts';

/** One thing that is wrong with what was asked for. */
export interface RequestIssue {
  /** Where it is, such as `['ruleset', 'revision']` or `['whom', 'hosts', 1]`; empty: all of it. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The name that may have been meant by one that is not known; `null`: none is near. */
  readonly nearest: string | null;
}

/** What was asked for is no job: a name, revision or text is not as it has to be. */
export class RequestInvalid extends Error {
  override readonly name = 'RequestInvalid';
  readonly code = 'request_invalid';
  /** Each thing that is wrong; at least one. */
  readonly issues: readonly RequestIssue[];

  constructor(
    message: string,
    { issues, cause }: { issues?: readonly RequestIssue[]; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.issues = issues ?? [{ path: [], message, nearest: null }];
  }
}

/** The client was closed: before this was asked for, or before it was done. */
export class ClientClosed extends Error {
  override readonly name = 'ClientClosed';
  readonly code = 'client_closed';
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
