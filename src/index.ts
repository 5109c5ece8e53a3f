/** What the package gives to programs: the messages of contract v1, as zod schemas and their types. */
export { ControlMessage } from './contract/control.ts';
export { FleetEvent, type JobCompletedEvent, type WorkerEvent } from './contract/event.ts';
export { FailureCode, isRetryable, Stage } from './contract/failure.ts';
export { Job } from './contract/job.ts';
export * as names from './contract/names.ts';
export { rulesetDigest } from './ruleset/digest.ts';
