import { hasEnded } from '../../list/content.ts';
import { ended } from '../outcome/job-end.ts';
import type { JobRun } from '../outcome/job-run.ts';
import type { Ports } from '../ports/ports.ts';

/** Reports what is on record of a list, the entries that have not ended. What there is not has no entries, and revision 0. */
export async function reportList(name: string, run: JobRun, { lists }: Ports): Promise<void> {
  run.tellStarted();
  const stored = await lists.read(name);
  const nowMs = Date.now();
  const { revision = 0, kind = null } = stored?.record ?? {};
  const entries = [...(stored?.content ?? [])]
    .filter(([, until]) => !hasEnded(until, nowMs))
    .map(([entry, until]) => ({ entry, until: until === null ? null : new Date(until).toISOString() }));
  await run.conclude(
    ended('reported', { report: { rulesets: [], lists: [{ name, revision, kind, entries }] } }),
  );
}
