import { randomUUID } from 'node:crypto';
import { readHostPolicy } from '../../config/read-host-policy.ts';
import { readHostProbes } from '../../config/read-host-probes.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { JobCompleted } from '../../contract/events/event.ts';
import type { ApplyJob, Ruleset } from '../../contract/jobs/job.ts';
import { API_VERSION } from '../../contract/words/identifiers.ts';
import { makePrivateFolder } from '../../host/state/files.ts';
import { JobRun } from '../../job/outcome/job-run.ts';
import type { Answers } from '../../job/ports/confirmation.ts';
import type { Log } from '../../job/ports/log.ts';
import type { ResultStore } from '../../job/ports/stores.ts';
import { runJob } from '../../job/run-job.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';
import { preparePorts } from '../open/prepare.ts';

/** A ruleset whose revision may be absent: then it is the one after what is committed. */
export type LocalRuleset = Omit<Ruleset, 'revision'> & { revision?: number | undefined };

export interface LocalJob {
  action: ApplyJob['action'];
  ruleset: LocalRuleset;
  confirm: ApplyJob['confirm'];
  /** Whether a check says what its change opens and closes, which takes it a second more. */
  tellsReach?: boolean;
  /** Where the answer comes from if `confirm` is `manual`. */
  answers: Answers;
}

/**
 * Runs a job on this host without a broker, in the same way as a job that came as a message. Unlike an event, the answer has the
 * whole difference.
 *
 * @throws {SettingsError} if the probes, the policy or the trusted keys cannot be read
 * @throws {SetupError} if the host lacks something
 * @throws {StateUnavailable} if the state folder cannot be read
 */
export async function runLocally(
  { action, ruleset, confirm, tellsReach = true, answers }: LocalJob,
  settings: WorkerSettings,
  log: Log,
): Promise<JobCompleted> {
  const events = { publish: async () => {}, confirmed: async () => {} };
  const probes = await readHostProbes(settings.probes);
  const policy = await readHostPolicy(settings.policy);
  const surroundings = { policy, probes, events, answers, hasBroker: false, log };
  // Where it cannot be made, the job ends with that.
  if (action !== 'check') await makePrivateFolder(settings.stateDir).catch(() => {});
  const ports = { ...(await preparePorts(settings, surroundings)), tellsReach };
  const committed = (await ports.rulesets.find(ruleset.name))?.committed?.revision ?? 0;
  const job: ApplyJob = {
    apiVersion: API_VERSION,
    id: randomUUID(),
    action,
    issuedAt: new Date().toISOString(),
    target: { hosts: [settings.hostId] },
    confirm,
    ruleset: { ...ruleset, revision: ruleset.revision ?? committed + 1 },
  };
  const origin = {
    attempt: 1,
    redelivered: false,
    authenticated: false,
    deliveredAt: job.issuedAt,
    headers: {},
  };
  const results = action === 'check' ? NOT_REMEMBERED : ports.results;
  const run = new JobRun(job, origin, new Stopwatch(), { ...ports, results });
  // `ports` has the real result store: a change of another job that is settled on the way must be remembered.
  await runJob(run, ports);
  if (run.event === null) throw new Error(`job ${job.id} has no end`);
  return { ...run.event.data, diff: run.end?.diff ?? null };
}

/** For a check, as nobody asks for its result again. */
const NOT_REMEMBERED: ResultStore = {
  find: async () => null,
  put: async () => {},
  putAside: async () => {},
  prune: async () => {},
};
