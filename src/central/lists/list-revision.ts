import type { Operator } from '../ask/operator.ts';
import type { FleetObserver, HostAnswers, HostSelection, ListOptions } from '../ask/options.ts';
import { nextOf, revisionsOn } from '../fleet/next-revision.ts';
import { askListReport, isBeaten, isBehind } from './send-list-job.ts';

/**
 * The next revision of a list. A host that has refused one as too old, of which the log does not say why, is asked: of a list that was taken
 * away, only its own record tells.
 *
 * @param refused the answers to the revision that was tried before
 * @throws {RequestInvalid}
 */
export async function nextListRevision(
  operator: Operator,
  observer: FleetObserver,
  name: string,
  whom: HostSelection,
  tried: { revision: number; answers: HostAnswers } | null,
  options: ListOptions,
): Promise<number> {
  const revisions = await revisionsOn(observer, whom, ({ lists, removedLists }) =>
    [...lists, ...removedLists].filter((list) => list.name === name),
  );
  if (tried !== null) {
    const unknown = [...tried.answers]
      .filter(([host, answer]) => {
        const isTooOld = isBeaten(answer) && !isBehind(answer);
        return isTooOld && (revisions.get(host) ?? 0) < tried.revision;
      })
      .map(([host]) => host);
    if (unknown.length > 0) {
      const reports = await askListReport(operator, name, { hosts: unknown }, options);
      for (const [host, report] of reports) revisions.set(host, report?.revision ?? 0);
    }
  }
  return nextOf(`list ${name}`, revisions);
}
