import type { ReportedList } from '../../contract/events/event.ts';
import { DEFAULT_LIST_ENTRIES, MAX_LIST_ENTRIES } from '../../contract/jobs/list-job.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import { FAMILIES } from '../../contract/words/identifiers.ts';
import { familyOf } from '../../list/content.ts';
import type { Operator } from '../ask/operator.ts';
import type { FleetObserver, HostAnswers, ListChange, ListOptions } from '../ask/options.ts';
import { type Agreed, agreedReport, countToAsk } from './agreed-report.ts';
import { askListReport, isBehind, sendListJob } from './send-list-job.ts';

/** Hosts that have a change and agree on what the list is now. */
interface Agreement extends Agreed {
  hosts: readonly string[];
}

/**
 * Gives hosts that have missed changes all of a list, as hosts that have missed none tell it. One host that says what is not so must not
 * write the lists of all others: those who agree have to be as many as the hosts that have something to lose, and several of them have to
 * tell the same, of which kind the list is and when each entry ends as well. A report that is cut is never taken.
 *
 * @returns the answers of the hosts that were asked; none, if nothing can be given to them
 */
export async function mendLists(
  operator: Operator,
  change: ListChange,
  answers: HostAnswers,
  observer: FleetObserver,
  options: ListOptions,
): Promise<HostAnswers> {
  const behind = [...answers].filter(([, answer]) => isBehind(answer)).map(([host]) => host);
  const agreed = findAgreement(answers);
  if (behind.length === 0 || agreed === null) return new Map();
  const { hosts: known } = await observer.fleet();
  const isLosing = (host: string) =>
    known.get(host)?.lists.some(({ name, entries }) => name === change.name && entries > 0) === true;
  const losing = behind.filter(isLosing).length;
  if (losing > agreed.hosts.length) return new Map();
  const { name, onNever, cut } = change;
  const asking = { hosts: agreed.hosts.slice(0, countToAsk(losing)) };
  const told = agreedReport(await askListReport(operator, name, asking, options), agreed);
  if (told === null) return new Map();
  const { from, report } = told;
  const { timeoutSeconds, signal, onSending, onEvent, expiresInSeconds } = options;
  const list = { name, revision: agreed.revision, ...contentOf(report), onNever, cut };
  const asked = { timeoutSeconds, signal, onSending, onEvent, expiresInSeconds, confirm: options.confirm };
  const job = { action: 'list.replace', list } as const;
  const ends = await sendListJob(operator, job, observer, { hosts: behind }, asked);
  const hosts = [...ends].filter(([, { end }]) => isGoodEnd(end)).map(([host]) => host);
  if (hosts.length > 0) options.onMended?.({ hosts, from, revision: agreed.revision });
  return ends;
}

/** The largest number of hosts that have the same at the highest revision. */
function findAgreement(answers: HostAnswers): Agreement | null {
  const groups = new Map<string, Agreement & { hosts: string[] }>();
  for (const [host, { end, result }] of answers) {
    const { liveRevision = null, liveDigest = null } = result?.list ?? {};
    if (!isGoodEnd(end) || liveRevision === null || liveDigest === null) continue;
    const key = `${liveRevision} ${liveDigest}`;
    const group = groups.get(key) ?? { hosts: [], revision: liveRevision, digest: liveDigest };
    group.hosts.push(host);
    groups.set(key, group);
  }
  const [best = null] = [...groups.values()].toSorted(
    (one, other) => other.revision - one.revision || other.hosts.length - one.hosts.length,
  );
  return best;
}

function contentOf({ kind, entries }: ReportedList) {
  const most = Math.max(
    ...FAMILIES.map((family) => entries.filter(({ entry }) => familyOf(entry) === family).length),
  );
  return {
    entries: entries.map(({ entry, until }) => (until === null ? entry : { entry, until })),
    ...(kind === null ? {} : { kind }),
    // What is new there would else be made too small.
    ...(most > DEFAULT_LIST_ENTRIES ? { maxEntries: MAX_LIST_ENTRIES } : {}),
  };
}
