import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { renderWanted } from '../../ruleset/wanted/render-wanted.ts';
import { prepareChange } from '../change/prepare-change.ts';
import { lintRuleset } from '../intake/lint.ts';
import { intentOf } from '../plan/intent.ts';
import { backTo } from '../plan/lasting.ts';
import type { Proposal } from '../plan/proposal.ts';
import type { HostSession } from '../ports/session.ts';
import type { BackTo, RulesetRecord } from '../ports/stores.ts';

/**
 * Returns what comes at the end of a content, and what a boot is to load then: a boot has to know that without a worker.
 *
 * @param until RFC 3339; `null`: it has no end
 * @throws {JobFailure | StateUnavailable} if it is not known how the kernel spells what comes then
 */
export async function endAt(
  until: string | null,
  record: RulesetRecord | undefined,
  records: readonly RulesetRecord[],
  session: HostSession,
): Promise<Proposal['end']> {
  if (until === null) return null;
  const back = backTo(record);
  return { until, back, after: await spelledBack(back, record, records, session) };
}

/** In the spelling of the kernel: from the boot files or, where they are lost, from a rehearsal. */
async function spelledBack(
  back: BackTo | null,
  record: RulesetRecord | undefined,
  records: readonly RulesetRecord[],
  session: HostSession,
): Promise<PerFamily<string>> {
  if (back === null || record === undefined) return perFamily(() => '');
  const { boot } = session.ports;
  const spelled = record.end === null ? await boot.read(record) : await boot.readAfter(record);
  return spelled ?? (await rehearsed(back, records, session));
}

async function rehearsed(
  { revision, digest }: BackTo,
  records: readonly RulesetRecord[],
  session: HostSession,
): Promise<PerFamily<string>> {
  const { contents, rehearsals, sandbox } = session.ports;
  const ruleset = { ...(await contents.read(digest)), revision, adopt: [] };
  const { wanted, failure } = await lintRuleset(ruleset, rehearsals);
  if (failure !== null) throw failure;
  try {
    const { intent } = await prepareChange(intentOf(ruleset, ruleset, wanted, records), session);
    return perFamily((family) => renderWanted(intent.wanted[family].values()));
  } finally {
    await sandbox.ended();
  }
}
