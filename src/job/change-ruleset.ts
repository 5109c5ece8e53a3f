import type { Rollback } from '../contract/event.ts';
import type { Digest } from '../contract/identifiers.ts';
import type { TableChange } from '../ruleset/change.ts';
import type { Claims } from '../ruleset/claims.ts';
import { prepareCommit } from './commit.ts';
import { converge } from './converge.ts';
import { describeDiff } from './describe-diff.ts';
import { explainRefusal } from './explain-refusal.ts';
import { JobFailure } from './failure.ts';
import type { Intent } from './intent.ts';
import type { JobEnd } from './job-end.ts';
import { asJobFailure, ended, failed } from './job-end.ts';
import type { Fence, Ports } from './ports.ts';
import { prepareChange } from './prepare-change.ts';
import type { LiveTables } from './snapshot.ts';
import type { RulesetRecord } from './state.ts';
import type { Stopwatch } from './stopwatch.ts';
import { undoChanges } from './undo.ts';

export interface Change {
  intent: Intent;
  /** What goes on record once the host has it. */
  committed: NonNullable<RulesetRecord['committed']>;
  /** The text that the committed digest is of; `null` when the ruleset goes. */
  content: string | null;
  /** What can be gone back to then, the newest last. */
  earlier: Digest[];
  /** The outcome when something was done, and when nothing had to be. */
  outcomes: { changed: JobEnd['outcome']; same: JobEnd['outcome'] };
}

/** Everything but the change: what it would do, and whether the kernel takes it. */
export async function checkRuleset(
  { intent }: Change,
  ports: Ports,
  fence: Fence,
  watch: Stopwatch,
): Promise<JobEnd> {
  const { spelled } = await prepareChange(intent, ports, fence, watch);
  const { plans } = await spelled;
  return ended('checked', { diff: describeDiff(plans) });
}

/** Makes the host have what is wanted, in all tables of both families, or leaves it as it was. */
export async function changeRuleset(
  change: Change,
  ports: Ports,
  fence: Fence,
  watch: Stopwatch,
): Promise<JobEnd> {
  const { intent, committed, content } = change;
  const keeping = content === null ? null : ports.contents.keep(committed.digest, content);
  keeping?.catch(() => {});
  const prepared = await prepareChange(intent, ports, fence, watch);
  await keeping;
  const changed = prepared.changes.length > 0;
  // What the change may create is on record before it is made: after a crash it is known to be ours.
  if (changed && claimsMore(intent)) await ports.rulesets.put({ ...recordOf(intent), claims: intent.claims });
  const preparing = prepareCommit(change, prepared.spelled, ports);
  preparing.catch(() => {});
  const attempted: TableChange[] = [];
  try {
    await converge(intent, prepared, ports, fence, watch, attempted);
    const commit = await preparing;
    await commit();
  } catch (error) {
    await preparing.catch(() => {});
    return await takeBack(change, asJobFailure(error), attempted, prepared.snapshot, ports, fence);
  }
  const outcome = changed ? change.outcomes.changed : change.outcomes.same;
  const { plans } = await prepared.spelled;
  return ended(outcome, { changed, diff: describeDiff(plans) });
}

function recordOf({ name, scope, record }: Intent): RulesetRecord {
  return (
    record ?? {
      name,
      scope,
      committed: null,
      live: null,
      earlier: [],
      claims: { tables: [], chains: [], hooks: [] },
    }
  );
}

/** Claims are only ever added to those on record. */
function claimsMore({ claims: wanted, record }: Intent): boolean {
  const count = ({ tables, chains, hooks }: Claims) => tables.length + chains.length + hooks.length;
  return record === undefined || count(wanted) > count(record.claims);
}

/** After a failure: the host gets back what it had, and the failure tells whether that worked. */
async function takeBack(
  change: Change,
  failure: JobFailure,
  attempted: TableChange[],
  snapshot: LiveTables,
  ports: Ports,
  fence: Fence,
): Promise<JobEnd> {
  const { intent } = change;
  if (attempted.length === 0) return failed(failure);
  try {
    const tables = await undoChanges(intent, attempted, snapshot, ports.firewall, fence);
    const rollback = {
      performed: tables.some((table) => table.performed),
      tables: tables.map(({ family, table, performed, differs }) => ({
        family,
        table,
        performed,
        verified: differs === null,
      })),
    };
    const broken = tables.filter(({ differs }) => differs !== null);
    if (broken.length > 0) {
      const places = broken.map(({ family, table, differs }) => `${family} ${table}: ${differs}`);
      const why = new Error(`what is live differs from what was before in ${places.join('; ')}`);
      return undoFailed(change, failure, why, rollback, ports);
    }
    if (claimsMore(intent)) await forgetIntent(intent, ports);
    return failed(await explainRefusal(intent, failure, ports, fence), {
      rollback: { ...rollback, reason: rollback.performed ? failure.code : null, verified: true },
    });
  } catch (error) {
    return undoFailed(change, failure, error as Error, { performed: true }, ports);
  }
}

/** The one case in which a host may not be as it was: it is said loudly, and with what is known of it. */
function undoFailed(
  { intent }: Change,
  failure: JobFailure,
  error: Error,
  rollback: Pick<Rollback, 'performed' | 'tables'>,
  { log }: Ports,
): JobEnd {
  log.error({ ruleset: intent.name, error }, 'Undo failed');
  const message = `ruleset ${intent.label} failed (${failure.message}), and the host could not be put back as it was: ${error.message}`;
  const { lines, tool } = failure;
  const options = { lines, cause: error, ...(tool === null ? {} : { tool }) };
  return failed(new JobFailure('apply', 'undo_failed', message, options), {
    changed: true,
    rollback: { ...rollback, reason: failure.code, verified: false },
  });
}

/** The record claims no more than it did; that it claims too much for a while does no harm. */
async function forgetIntent(intent: Intent, { rulesets, log }: Ports): Promise<void> {
  try {
    await rulesets.put(recordOf(intent));
  } catch (error) {
    log.warn({ ruleset: intent.name, error }, 'Cannot write the state of a ruleset');
  }
}
