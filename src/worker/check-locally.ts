import { randomUUID } from 'node:crypto';
import type { WorkerSettings } from '../config/worker-settings.ts';
import type { JobCompleted } from '../contract/event.ts';
import { API_VERSION } from '../contract/identifiers.ts';
import type { ApplyJob, Ruleset } from '../contract/job.ts';
import { completedEvent } from '../job/job-events.ts';
import type { Log } from '../job/ports.ts';
import { runJob } from '../job/run-job.ts';
import { Stopwatch } from '../job/stopwatch.ts';
import { preparePorts } from './prepare.ts';

/** A ruleset that need not have a revision: then it is checked as the next one. */
export type LocalRuleset = Omit<Ruleset, 'revision'> & { revision?: number | undefined };

/**
 * Runs a `check` on this host without a broker: the very job that a message would bring. In the answer, unlike in an event,
 * the difference is whole.
 *
 * @throws {SetupError} if the host lacks something
 * @throws {StateUnavailable} if the state folder cannot be read
 */
export async function checkLocally(
  ruleset: LocalRuleset,
  settings: WorkerSettings,
  log: Log,
): Promise<JobCompleted> {
  const ports = await preparePorts(settings, { publish: async () => {} }, log);
  const records = await ports.rulesets.list();
  const committed = records.find(({ name }) => name === ruleset.name)?.committed?.revision ?? 0;
  const job: ApplyJob = {
    apiVersion: API_VERSION,
    id: randomUUID(),
    action: 'check',
    issuedAt: new Date().toISOString(),
    target: { hosts: [settings.hostId] },
    confirm: { mode: 'none', timeoutSeconds: 30 },
    ruleset: { ...ruleset, revision: ruleset.revision ?? committed + 1 },
  };
  const watch = new Stopwatch();
  const end = await runJob(job, ports, { watch, started: () => {} });
  const event = completedEvent(job, end, { attempt: 1, redelivered: false }, watch, new Date(), ports);
  return { ...event.data, diff: end.diff };
}
