import { claimsOf } from '../../ruleset/plan/claims.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { renderWanted } from '../../ruleset/wanted/render-wanted.ts';
import { namesOfRecord } from '../outcome/naming.ts';
import { spelledBy } from '../plan/intent.ts';
import type { Proposal } from '../plan/proposal.ts';
import type { Ports } from '../ports/ports.ts';
import type { BootFilesState, BootRecord, RulesetRecord } from '../ports/stores.ts';

/** What it takes to put something on record. */
type Archive = Pick<Ports, 'rulesets' | 'contents' | 'boot' | 'facts' | 'log'>;

/**
 * What goes on record once the host has what is wanted; `null` if that is on record already. The greater part of the work is
 * done here, ahead of time: to go on record is then one small file.
 *
 * @throws {StateUnavailable}
 */
export async function prepareCommit(
  proposal: Proposal,
  jobId: string,
  ports: Archive,
): Promise<RulesetRecord | null> {
  const { intent, committed, earlier } = proposal;
  const { name, scope, record } = intent;
  const isSame = await isOnRecord(proposal, ports);
  if (isSame && record?.committed?.revision === committed.revision) return null;
  const claims = claimsOf(scope, intent.wanted);
  return {
    name,
    scope,
    committed,
    committedBy: jobId,
    live: isSame ? (record?.live ?? null) : await prepareLive(proposal, ports),
    earlier,
    claims,
  };
}

/**
 * Boot files come first, so that what is on record is what a reboot brings back; the record is the moment that counts.
 *
 * @throws {StateUnavailable} and nothing is on record then, and the boot files are those of before
 */
export async function commitRecord(after: RulesetRecord | null, ports: Archive): Promise<void> {
  if (after === null) return;
  const { rulesets, boot, log } = ports;
  const before = (await rulesets.list()).find(({ name }) => name === after.name);
  try {
    await boot.place(after);
    await putRecord(after, ports);
  } catch (error) {
    const live = before?.scope === after.scope ? before.live : null;
    await mendBootFiles({ ...after, live }, ports);
    throw error;
  }
  await boot
    .forgetKept(after)
    .catch((error: unknown) =>
      log.warn({ ...namesOfRecord(after), error }, 'Cannot take old boot files away'),
    );
  await forgetOldContents(ports);
}

/** What is on record counts, also if it could not be made sure that it stays there. @throws {StateUnavailable} if it is not */
async function putRecord(after: RulesetRecord, { rulesets, log }: Archive): Promise<void> {
  try {
    await rulesets.put(after);
  } catch (error) {
    const records = await rulesets.list().catch(() => []);
    const now = records.find(({ name }) => name === after.name);
    if (now?.committedBy !== after.committedBy || now.committed?.revision !== after.committed?.revision)
      throw error;
    log.error(
      { ...namesOfRecord(after), error },
      'The state of a ruleset is written, and might not outlive a power cut',
    );
  }
}

/** What is on record is so. Boot files that cannot be made those of the record are told of, and looked at again with each look for drift. */
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

/** Whether the very same content is what is committed, spelled by the same kernel, and a reboot would bring it back. */
async function isOnRecord(
  { intent: { record }, committed, content }: Proposal,
  ports: Archive,
): Promise<boolean> {
  if (content === null || record?.live == null || record.live.spelledBy !== spelledBy(ports.facts))
    return false;
  return record.committed?.digest === committed.digest && (await mendBootFiles(record, ports)) !== 'lost';
}

/** Writes boot files aside. @throws {StateUnavailable} {@link JobFailure} if the kernel did not take it */
export async function prepareLive(
  { intent: { name, scope, wanted }, content }: Pick<Proposal, 'intent' | 'content'>,
  { boot, facts }: Archive,
): Promise<RulesetRecord['live']> {
  if (content === null) return null;
  const rules = perFamily((family) => renderWanted(wanted[family].values()));
  return { saved: await boot.prepare({ name, scope }, rules), spelledBy: spelledBy(facts) };
}

/** Texts that nothing on record leads to any more. To keep them for a while does no harm. */
async function forgetOldContents({ rulesets, contents, log }: Archive): Promise<void> {
  try {
    await contents.prune(digestsOf(await rulesets.list()));
  } catch (error) {
    log.warn({ error }, 'Cannot take away texts that are no longer needed');
  }
}

function digestsOf(records: readonly RulesetRecord[]): Set<string> {
  return new Set(
    records.flatMap(({ committed, earlier }) =>
      committed === null ? earlier : [committed.digest, ...earlier],
    ),
  );
}
