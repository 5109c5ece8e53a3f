/** What a client of a fleet may be told; each has a `code` that stays the same. */
export { BrokerRefused, BrokerUnreachable } from '../../broker/connection/broker-errors.ts';
export { SettingsError } from '../../config/settings-error.ts';

/** One thing that is wrong with what was asked for. */
export interface RequestIssue {
  /** Where it is, such as `['ruleset', 'revision']` or `['whom', 'hosts', 1]`; empty: all of it. */
  readonly path: readonly (string | number)[];
  /** What is wrong, for a person. */
  readonly message: string;
  /** The name that may have been meant by one that is not known; `null`: none is near. */
  readonly nearest: string | null;
}

/** What was asked for is no job: a name, revision or text is not as it has to be. */
export class RequestInvalid extends Error {
  /** That of the class. */
  override readonly name = 'RequestInvalid';
  /** Stays the same, whatever the message says. */
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
  /** That of the class. */
  override readonly name = 'ClientClosed';
  /** Stays the same, whatever the message says. */
  readonly code = 'client_closed';
}

/** Nobody whom it is for has ever been heard of. */
export class NobodyKnown extends Error {
  /** That of the class. */
  override readonly name = 'NobodyKnown';
  /** Stays the same, whatever the message says. */
  readonly code = 'nobody_known';
}

/** A host that runs is not taken out of the fleet. */
export class HostIsOnline extends Error {
  /** That of the class. */
  override readonly name = 'HostIsOnline';
  /** Stays the same, whatever the message says. */
  readonly code = 'host_is_online';
}

/** What was asked for cannot be made a rollout of. */
export class PlanError extends Error {
  /** That of the class. */
  override readonly name = 'PlanError';
  /** Stays the same, whatever the message says. */
  readonly code = 'plan_invalid';
}

/** There is no such rollout in the part of the log that was read. */
export class NoSuchRollout extends Error {
  /** That of the class. */
  override readonly name = 'NoSuchRollout';
  /** Stays the same, whatever the message says. */
  readonly code = 'no_such_rollout';
}

/** Another process runs it. */
export class RolloutIsRun extends Error {
  /** That of the class. */
  override readonly name = 'RolloutIsRun';
  /** Stays the same, whatever the message says. */
  readonly code = 'rollout_is_run';
}

/** What was asked of a rollout is not to be had any more: it has ended. */
export class RolloutHasEnded extends Error {
  /** That of the class. */
  override readonly name = 'RolloutHasEnded';
  /** Stays the same, whatever the message says. */
  readonly code = 'rollout_has_ended';
}

/** A gate was not open before the first step: nothing was begun. */
export class GateFailed extends Error {
  /** That of the class. */
  override readonly name = 'GateFailed';
  /** Stays the same, whatever the message says. */
  readonly code = 'gate_failed';
}
