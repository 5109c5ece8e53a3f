import { claimsOf } from '../../ruleset/plan/claims.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { renderWanted } from '../../ruleset/wanted/render-wanted.ts';
import { namesOfRecord } from '../outcome/naming.ts';
import { spelledBy } from '../plan/intent.ts';
import { isSameEnd } from '../plan/lasting.ts';
import type { Proposal } from '../plan/proposal.ts';
import type { Ports } from '../ports/ports.ts';
import type { HostSession } from '../ports/session.ts';
import type { BootFilesState, BootRecord, RulesetRecord } from '../ports/stores.ts';
import { turnOfOthers } from '../time/in-turns.ts';
import { appendedHooks, hookLines } from './appended-hooks.ts';

/** The ports that a commit needs. */
type Archive = Pick<Ports, 'rulesets' | 'contents' | 'boot' | 'facts' | 'log'>;

/** What a commit needs of a {@link HostSession}. */
type Committing = Pick<HostSession, 'later'> & { ports: Archive };

/**
 * Returns the record to write once the host has what is wanted; `null` if the record already says that. Most of the work of a
 * commit is done here, before the rules are verified. Then only one small file is left to put in its place.
 *
 * @throws {StateUnavailable}
 */
export async function prepareCommit(
  proposal: Proposal,
  jobId: string,
  ports: Archive,
): Promise<RulesetRecord | null> {
  const { intent, committed, earlier, end, ending } = proposal;
  const { name, scope, record } = intent;
  // The rules are being written at the same time: the program for that has the first turn.
  await turnOfOthers();
  const isSame = await isOnRecord(proposal, ports);
  if (isSame && ending === null && record?.committed?.revision === committed.revision) return null;
  const claims = claimsOf(scope, intent.wanted);
  const appended = appendedHooks(intent.wanted, record, intent.neighbours);
  const after: RulesetRecord = {
    name,
    scope,
    committed,
    committedBy: jobId,
    live: isSame ? (record?.live ?? null) : await prepareLive({ ...proposal, appended }, ports),
    earlier,
    end: end === null ? null : { until: end.until, back: end.back },
    contentRevision: contentRevisionOf(proposal),
    hasEnded: ending !== null,
    claims,
    appended,
  };
  await ports.rulesets.prepare(after);
  return after;
}

/** The same content committed again is no other content, unless it ends at another time. */
function contentRevisionOf({ intent: { record }, committed, content, end, ending }: Proposal): number | null {
  if (ending !== null) return ending.backTo;
  if (record?.live == null || record.committed === null || content === null) return committed.revision;
  const isSame =
    record.committed.digest === committed.digest && isSameEnd(record.end?.until ?? null, end?.until ?? null);
  return isSame ? (record.contentRevision ?? record.committed.revision) : committed.revision;
}

/**
 * Commits: puts the boot files in place, then writes the record. So a reboot loads what is on record. The change counts as
 * committed from the moment when the record is written.
 *
 * What is of no use any more is taken away later ({@link HostSession.later}).
 *
 * @throws {StateUnavailable} if nothing was committed; the old boot files are put back as far as possible
 */
export async function commitRecord(after: RulesetRecord | null, session: Committing): Promise<void> {
  if (after === null) return;
  const { ports } = session;
  const before = await ports.rulesets.find(after.name);
  try {
    await ports.boot.place(after);
    await putRecord(after, ports);
  } catch (error) {
    const live = before?.scope === after.scope ? before.live : null;
    await mendBootFiles({ ...after, live }, ports);
    throw error;
  }
  session.later(async () => {
    await forgetOtherBootFiles(after, namesOfRecord(after), ports);
    await forgetOldContents(ports);
  });
}

/** Takes away what was written for a change that is over, committed or not. A failure is only logged: the next change tries again. */
export async function forgetOtherBootFiles(
  { name, scope }: Pick<RulesetRecord, 'name' | 'scope'>,
  names: { ruleset: string; revision: number | null },
  { rulesets, boot, log }: Pick<Archive, 'rulesets' | 'boot' | 'log'>,
): Promise<void> {
  try {
    const record = await rulesets.find(name);
    await rulesets.discard(name);
    await boot.forgetOthers(record?.scope === scope ? record : { name, scope, live: null });
  } catch (error) {
    log.warn({ ...names, error }, 'Cannot take old boot files away');
  }
}

/**
 * Writes the record. If the write fails but the record is there, the record counts: only a power cut could still lose it.
 *
 * @throws {StateUnavailable} if the record is not there
 */
async function putRecord(after: RulesetRecord, { rulesets, log }: Archive): Promise<void> {
  try {
    await rulesets.put(after);
  } catch (error) {
    const now = await rulesets.find(after.name).catch(() => undefined);
    if (now?.committedBy !== after.committedBy || now.committed?.revision !== after.committed?.revision)
      throw error;
    log.error(
      { ...namesOfRecord(after), error },
      'The state of a ruleset is written, and might not outlive a power cut',
    );
  }
}

/** Makes the boot files those of the record. Never throws: a failure is logged, and each look for drift tries again. */
export async function mendBootFiles(
  record: BootRecord & Pick<RulesetRecord, 'committed'>,
  { boot, log }: Pick<Archive, 'boot' | 'log'>,
): Promise<BootFilesState> {
  const names = namesOfRecord(record);
  try {
    const state = await boot.mend(record);
    if (state === 'mended') log.warn(names, 'The boot files of a ruleset were others than those on record');
    return state;
  } catch (error) {
    log.error({ ...names, error }, 'Cannot look after the boot files of a ruleset');
    return 'lost';
  }
}

/**
 * Says whether the very same content is committed, spelled by the same kernel and iptables, with boot files that a reboot loads.
 */
async function isOnRecord(
  { intent: { record }, committed, content, end }: Proposal,
  ports: Archive,
): Promise<boolean> {
  if (content === null || record?.live == null || record.live.spelledBy !== spelledBy(ports.facts))
    return false;
  if (!isSameEnd(record.end?.until ?? null, end?.until ?? null)) return false;
  return record.committed?.digest === committed.digest && (await mendBootFiles(record, ports)) !== 'lost';
}

/** Writes the boot files aside, and returns what the record says about them. @throws {StateUnavailable} */
export async function prepareLive(
  {
    intent: { name, scope, wanted },
    content,
    end,
    appended,
  }: Pick<Proposal, 'intent' | 'content' | 'end'> & Pick<RulesetRecord, 'appended'>,
  { boot, facts }: Archive,
): Promise<RulesetRecord['live']> {
  if (content === null) return null;
  const order = hookLines(appended);
  const rules = perFamily((family) => renderWanted(wanted[family].values()) + order[family]);
  return { saved: await boot.prepare({ name, scope }, rules, end), spelledBy: spelledBy(facts) };
}

/** Deletes contents that no record names any more. A failure is only logged: an old content does no harm. */
async function forgetOldContents({ rulesets, contents, log }: Archive): Promise<void> {
  try {
    await contents.prune(digestsOf(await rulesets.list()));
  } catch (error) {
    log.warn({ error }, 'Cannot take away texts that are no longer needed');
  }
}

function digestsOf(records: readonly RulesetRecord[]): Set<string> {
  return new Set(
    records.flatMap(({ committed, earlier, end }) => [
      ...(committed === null ? [] : [committed.digest]),
      ...earlier,
      ...(end?.back == null ? [] : [end.back.digest, ...end.back.earlier]),
    ]),
  );
}
