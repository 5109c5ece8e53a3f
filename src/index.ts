/** What the package gives to programs: a client of the fleet, and the messages of contract v1 as zod schemas and their types. */
export type { HostAnswer } from './central/ask.ts';
export {
  type Answers,
  BrokerUnreachable,
  FleetClient,
  NoSuchRollout,
  PlanError,
  RolloutIsRun,
  type RolloutPlan,
  type StreamStart,
} from './central/fleet-client.ts';
export type { HostState } from './central/fleet-state.ts';
export { ControlMessage } from './contract/control.ts';
export { FleetEvent, type JobCompletedEvent, type WorkerEvent } from './contract/event.ts';
export { FailureCode, isRetryable, Stage } from './contract/failure.ts';
export { Job } from './contract/job.ts';
export * as names from './contract/names.ts';
export { rulesetDigest } from './ruleset/digest.ts';
