import { claimsOf } from '../ruleset/claims.ts';
import { renderWanted } from '../ruleset/render-wanted.ts';
import { perFamily } from '../ruleset/tables.ts';
import type { Change } from './change.ts';
import { spelledBy } from './intent.ts';
import type { Ports } from './ports.ts';
import type { RulesetRecord } from './state.ts';

/**
 * What goes on record once the host has what is wanted; `null` if that is on record already. The greater part of the work is
 * done here, ahead of time: to go on record is then one small file.
 *
 * @throws {StateUnavailable}
 */
export async function prepareCommit(
  change: Change,
  jobId: string,
  ports: Ports,
): Promise<RulesetRecord | null> {
  const { intent, committed, earlier } = change;
  const { name, scope, record } = intent;
  const isSame = isOnRecord(change, ports);
  if (isSame && record?.committed?.revision === committed.revision) return null;
  const claims = claimsOf(scope, intent.wanted);
  return {
    name,
    scope,
    committed,
    committedBy: jobId,
    live: isSame ? (record?.live ?? null) : await prepareLive(change, ports),
    earlier,
    claims,
  };
}

/** @throws {StateUnavailable} and nothing is on record then */
export async function commitRecord(after: RulesetRecord | null, ports: Ports): Promise<void> {
  if (after === null) return;
  await ports.rulesets.put(after);
  await placeBootFiles(after, ports);
  await forgetOldContents(ports);
}

/** What is on record is so; boot files that are not those of the record are noticed wherever they are read. */
export async function placeBootFiles(record: RulesetRecord, { boot, log }: Ports): Promise<void> {
  try {
    await boot.place(record);
  } catch (error) {
    log.error(
      { ruleset: record.name, error },
      'Cannot put the boot files of a ruleset in place: push it again',
    );
  }
}

/** Whether the very same content is what is committed, spelled by the same kernel. */
function isOnRecord({ intent: { record }, committed, content }: Change, { facts }: Ports): boolean {
  const isLive = record?.live != null && record.live.spelledBy === spelledBy(facts);
  return content !== null && isLive && record?.committed?.digest === committed.digest;
}

async function prepareLive(
  { intent: { name, scope, wanted }, content }: Change,
  { boot, facts }: Ports,
): Promise<RulesetRecord['live']> {
  if (content === null) return null;
  const rules = perFamily((family) => renderWanted(wanted[family].values()));
  return { saved: await boot.prepare({ name, scope }, rules), spelledBy: spelledBy(facts) };
}

/** Texts that nothing on record leads to any more. To keep them for a while does no harm. */
async function forgetOldContents({ rulesets, contents, log }: Ports): Promise<void> {
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
