import type { RulesetEndedEvent } from '../../contract/events/event.ts';
import type { Ports } from '../ports/ports.ts';
import { describeFailure } from './describe-end.ts';
import { factEvent } from './fact-event.ts';
import { fitDiff } from './fit-event.ts';
import type { JobFailure } from './job-failure.ts';
import type { NamedRevision } from './naming.ts';

/** What a ruleset went back to when its content ended, or why it did not yet. */
interface EndedState extends Pick<RulesetEndedEvent['data'], 'liveRevision' | 'liveDigest' | 'diff'> {
  failure: JobFailure | null;
}

/** Makes the event that the content of a ruleset has ended. Each reason why it has not yet is an event of its own. */
export function endedEvent(
  ruleset: NamedRevision,
  until: string,
  { failure, diff, ...live }: EndedState,
  { identity: { hostId }, facts }: Pick<Ports, 'identity' | 'facts'>,
): RulesetEndedEvent {
  const type = 'fleetwall.ruleset.ended';
  const why = failure === null ? [] : [failure.code];
  return {
    ...factEvent(hostId, [type, ruleset.name, String(ruleset.revision), until, ...why]),
    type,
    data: {
      hostId,
      worker: facts,
      ruleset: { name: ruleset.name, revision: ruleset.revision },
      until,
      ...live,
      diff: diff === null ? null : fitDiff(diff),
      ok: failure === null,
      failure: failure === null ? null : describeFailure(failure),
    },
  };
}
