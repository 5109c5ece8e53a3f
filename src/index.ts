/** What the package gives to programs: a client of the fleet, and the messages of contract v1 as zod schemas and their types. */

export type { ConnectOptions } from './central/connect-options.ts';
export * from './central/fleet/errors.ts';
export type { FleetLists } from './central/fleet/fleet-lists.ts';
export type { FleetState, HostState } from './central/fleet/fleet-state.ts';
export type {
  Behind,
  HostAnswer,
  HostAnswers,
  HostSelection,
  ListChange,
  ListEntry,
  ListOptions,
  LookOptions,
  MendedHosts,
  PushOptions,
  RequestOptions,
  RulesetToPush,
  SentJob,
  StreamStart,
  WholeList,
} from './central/fleet/options.ts';
export { FleetClient } from './central/fleet-client.ts';
export type {
  FoundRollout,
  HostAmount,
  RolloutOptions,
  RolloutPlan,
} from './central/rollout/rollout-options.ts';
export type { HostProgress, RolloutEnd, RolloutState } from './central/rollout/rollout-state.ts';
export { ControlMessage } from './contract/control.ts';
export {
  FleetEvent,
  type JobCompletedEvent,
  type JobUndoneEvent,
  type ReportedList,
  type ReportedRuleset,
  type WorkerEvent,
} from './contract/event.ts';
export { FailureCode, isRetryable, Stage as FailureStage } from './contract/failure.ts';
export { Job } from './contract/job.ts';
export * as brokerNames from './contract/names.ts';
export { type HostEnd, RolloutEvent } from './contract/rollout-events.ts';
export { rulesetDigest } from './ruleset/digest.ts';
