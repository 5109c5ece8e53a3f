/** What the package gives to programs: a client of the fleet, and the messages of contract v1 as zod schemas and their types. */

export type {
  Behind,
  HostAnswer,
  HostAnswers,
  HostSelection,
  JobAnswers,
  JobLookOptions,
  JobWaitOptions,
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
} from './central/ask/options.ts';
export type { ConnectOptions } from './central/connect-options.ts';
export type { JobProgress, JobState } from './central/fleet/job-state.ts';
export { FleetClient } from './central/fleet-client.ts';
export type { FleetJob } from './central/fleet-job.ts';
export type { FleetLists } from './central/fleet-lists.ts';
export type { FleetState, HostState } from './central/log/fleet-state.ts';
export * from './central/messages/errors.ts';
export type { GateProgress } from './central/rollout/gate-progress.ts';
export type { HostProgress } from './central/rollout/host-progress.ts';
export type {
  FoundRollout,
  GateWatch,
  HostAmount,
  RolloutOptions,
  RolloutPlan,
} from './central/rollout/rollout-options.ts';
export type { RolloutEnd, RolloutState } from './central/rollout/rollout-state.ts';
export {
  FleetEvent,
  type JobCompleted,
  type JobCompletedEvent,
  type JobUndoneEvent,
  type ReportedList,
  type ReportedRuleset,
  type RulesetEndedEvent,
  type WorkerEvent,
  type WorkerFacts,
  type WorkerState,
} from './contract/events/event.ts';
export { FailureCode, isRetryable, RETRYABLE, Stage as FailureStage } from './contract/events/failure.ts';
export { ControlMessage } from './contract/jobs/control.ts';
export { Job, type Ruleset } from './contract/jobs/job.ts';
export type { RulesetTest } from './contract/jobs/ruleset-test.ts';
export { GateLook, GateRules } from './contract/rollouts/gates.ts';
export {
  type HostEnd,
  RolloutEvent,
  type RolloutOwner,
  type RolloutStarted,
} from './contract/rollouts/rollout-events.ts';
export * as brokerNames from './contract/words/names.ts';
export { watchGates } from './gates/watch-gates.ts';
export { type RulesetContent, rulesetDigest } from './ruleset/digest.ts';
