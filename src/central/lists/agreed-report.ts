import type { ReportedList } from '../../contract/events/event.ts';
import { listDigest } from '../../list/digest.ts';

/** What hosts agree on, as their answers to a job say. */
export interface Agreed {
  revision: number;
  /** Of the texts of the entries alone: when each ends, only a report says. */
  digest: string;
}

/** The most hosts that are asked for a whole list: each report may be 4 MiB. */
const MOST_ASKED = 9;
const LEAST_ASKED = 3;

/** How many of the hosts that agree are asked for the list, where so many others have something to lose. */
export function countToAsk(losing: number): number {
  return Math.min(MOST_ASKED, Math.max(LEAST_ASKED, losing));
}

/**
 * Finds what more than half of the hosts that were asked tell in the same way: what the list is of, its entries, and when each ends.
 *
 * @param reports `null`: the host did not answer
 * @returns `null`, if too few do, or what they tell is cut, or not what they agreed on
 */
export function agreedReport(
  reports: ReadonlyMap<string, ReportedList | null>,
  agreed: Agreed,
): { from: string; report: ReportedList } | null {
  const alike = new Map<string, { from: string; report: ReportedList; count: number }>();
  for (const [from, report] of reports) {
    if (report === null || !isAsAgreed(report, agreed)) continue;
    const ends = report.entries.map(({ entry, until }) => `${entry} ${until}`).toSorted();
    const key = [report.kind, ...ends].join('\n');
    const known = alike.get(key) ?? { from, report, count: 0 };
    alike.set(key, { ...known, count: known.count + 1 });
  }
  return [...alike.values()].find(({ count }) => count * 2 > reports.size) ?? null;
}

function isAsAgreed({ revision, entries, truncated }: ReportedList, agreed: Agreed): boolean {
  if (truncated === true || revision !== agreed.revision) return false;
  return listDigest(new Map(entries.map(({ entry }) => [entry, null])), 0) === agreed.digest;
}
