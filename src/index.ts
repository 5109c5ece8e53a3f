/** What the package gives to programs: a client of the fleet, and the messages of contract v1 as zod schemas and their types. */

export type { ConnectOptions } from './central/connect-options.ts';
export type { HostAnswer } from './central/fleet/ask.ts';
export * from './central/fleet/errors.ts';
export type { FleetState, HostState } from './central/fleet/fleet-state.ts';
export type { RulesetToPush } from './central/fleet/next-revision.ts';
export type { PushOptions, RequestOptions } from './central/fleet/options.ts';
export type { Selection } from './central/fleet/select.ts';
export { type Answers, FleetClient, type RolloutPlan, type StreamStart } from './central/fleet-client.ts';
export type { RolloutOptions } from './central/rollout/rollout-options.ts';
export type { RolloutEnd, RolloutState } from './central/rollout/rollout-state.ts';
export type { Amount } from './central/rollout/rollout-steps.ts';
export { ControlMessage } from './contract/control.ts';
export {
  FleetEvent,
  type JobCompletedEvent,
  type JobUndoneEvent,
  type WorkerEvent,
} from './contract/event.ts';
export { FailureCode, isRetryable, Stage } from './contract/failure.ts';
export { Job } from './contract/job.ts';
export * as names from './contract/names.ts';
export { RolloutEvent } from './contract/rollout.ts';
export { rulesetDigest } from './ruleset/digest.ts';
