import { contentText } from '../../ruleset/digest.ts';
import { commitRecord, mendBootFiles, prepareLive } from '../change/commit.ts';
import { prepareChange } from '../change/prepare-change.ts';
import { lintRuleset } from '../intake/lint.ts';
import { namesOfRecord } from '../outcome/naming.ts';
import { intentOf } from '../plan/intent.ts';
import { LockLost } from '../ports/host-lock.ts';
import type { HostSession } from '../ports/session.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { endAt } from './what-comes-after.ts';

/**
 * Makes sure that a reboot would load everything on record. Lost boot files are made again from what was pushed, in the spelling
 * of a rehearsal. What is live is not used: others may have changed it.
 *
 * @throws {StateUnavailable | LockLost}
 */
export async function lookAfterBootFiles(session: HostSession): Promise<void> {
  const { ports } = session;
  const records = await ports.rulesets.list();
  for (const record of records) {
    if (record.live === null || (await mendBootFiles(record, ports)) !== 'lost') continue;
    const names = namesOfRecord(record);
    try {
      await remake(record, records, session);
      ports.log.warn(names, 'The boot files of a ruleset were lost, and are made again');
    } catch (error) {
      if (error instanceof LockLost) throw error;
      const message = 'A reboot would not bring a ruleset back, as its boot files are lost: push it again';
      ports.log.error({ ...names, error }, message);
    } finally {
      await ports.sandbox.ended();
    }
  }
}

async function remake(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  session: HostSession,
): Promise<void> {
  const { ports } = session;
  if (record.committed === null) throw new Error('nothing of it is committed');
  const { revision, digest } = record.committed;
  const sent = await ports.contents.read(digest);
  const ruleset = { ...sent, revision, adopt: [] };
  const { wanted, failure } = await lintRuleset(ruleset, ports.rehearsals);
  if (failure !== null) throw failure;
  const sentIntent = intentOf(ruleset, ruleset, wanted, records);
  const { intent } = await prepareChange(sentIntent, session);
  const content = contentText(sent);
  const end = await endAt(record.end?.until ?? null, record, records, session);
  const { appended } = record;
  const live = await prepareLive({ intent, content, end, appended }, ports);
  await commitRecord({ ...record, live }, session);
}
