import { claimsOf } from '../ruleset/claims.ts';
import { renderWanted } from '../ruleset/render-wanted.ts';
import { perFamily } from '../ruleset/tables.ts';
import type { Change } from './change-ruleset.ts';
import { type Intent, spelledBy } from './intent.ts';
import type { Ports } from './ports.ts';
import type { SpelledChange } from './prepare-change.ts';
import type { PreparedBootFiles, RulesetRecord } from './state.ts';

/** What is left to do once the host has what is wanted. @throws {StateUnavailable} */
export type Commit = () => Promise<void>;

/**
 * Does, ahead of time, the greater part of putting a change on record: to go on record is then one small file.
 *
 * @throws {StateUnavailable}
 */
export async function prepareCommit(
  change: Change,
  spelled: Promise<SpelledChange>,
  ports: Ports,
): Promise<Commit> {
  const { intent, committed, content, earlier } = change;
  const { name, scope, record } = intent;
  const isSame = isOnRecord(change, ports);
  if (isSame && record?.committed?.revision === committed.revision) return async () => {};
  const files = isSame || content === null ? null : await prepareBootFiles(intent, spelled, ports);
  const live =
    files === null
      ? isSame
        ? record?.live
        : null
      : { saved: files.digests, spelledBy: spelledBy(ports.facts) };
  return async () => {
    const claims = claimsOf(scope, intent.wanted);
    await ports.rulesets.put({ name, scope, committed, live: live ?? null, earlier, claims });
    if (content === null) await ports.boot.remove({ name, scope });
    await files?.place();
    await forgetOldContents(ports);
  };
}

/** Whether the very same content is what is committed, spelled by the same kernel. */
function isOnRecord({ intent: { record }, committed, content }: Change, { facts }: Ports): boolean {
  const isLive = record?.live != null && record.live.spelledBy === spelledBy(facts);
  return content !== null && isLive && record?.committed?.digest === committed.digest;
}

async function prepareBootFiles(
  { name, scope, wanted }: Intent,
  spelled: Promise<SpelledChange>,
  { boot }: Ports,
): Promise<PreparedBootFiles> {
  const { spell } = await spelled;
  const rules = perFamily((family) =>
    renderWanted(wanted[family].values(), (table) => spell({ family, table })),
  );
  return await boot.prepare({ name, scope }, rules);
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
