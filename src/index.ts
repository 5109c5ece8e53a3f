/** What the package gives to programs: a client of the fleet, and the messages of contract v1 as zod schemas and their types. */
export type { HostAnswer } from './central/ask.ts';
export type { ConnectOptions } from './central/connect-options.ts';
export * from './central/errors.ts';
export { type Answers, FleetClient, type RolloutPlan, type StreamStart } from './central/fleet-client.ts';
export type { FleetState, HostState } from './central/fleet-state.ts';
export type { RulesetToPush } from './central/next-revision.ts';
export type { Options, PushOptions, RolloutOptions } from './central/options.ts';
export type { RolloutEnd, RolloutState } from './central/rollout-state.ts';
export type { Amount } from './central/rollout-steps.ts';
export type { Selection } from './central/select.ts';
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
