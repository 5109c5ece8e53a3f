import type { JobCompleted } from '../../contract/events/event.ts';
import type { Digest } from '../../contract/words/identifiers.ts';
import type { Ports } from '../ports/ports.ts';

/** Returns what a job asked for, and what is now committed and live under that ruleset's name. @throws {StateUnavailable} */
export async function rulesetState(
  { name, revision }: { name: string; revision: number },
  digest: Digest | null,
  { rulesets }: Pick<Ports, 'rulesets'>,
): Promise<NonNullable<JobCompleted['ruleset']>> {
  const record = await rulesets.find(name);
  const live = record?.live == null ? null : record.committed;
  const ended = record?.hasEnded === true ? record.contentRevision : null;
  return {
    name,
    revision,
    digest,
    liveRevision: live === null ? null : (ended ?? live.revision),
    liveDigest: live?.digest ?? null,
  };
}
