import { randomUUID } from 'node:crypto';
import type { Job } from '../contract/jobs/job.ts';
import { contentText, textDigest } from '../ruleset/digest.ts';
import { perFamily } from '../ruleset/tables.ts';
import { type Asked, changeRuleset } from './change/change-ruleset.ts';
import { lintRuleset } from './intake/lint.ts';
import { holdLists, type Writer } from './lists/hold-lists.ts';
import { settleListsOfRules } from './lists/owed-lists.ts';
import { asJobFailure, failed, type JobEnd } from './outcome/job-end.ts';
import type { JobFailure } from './outcome/job-failure.ts';
import { undoPending } from './outcome/undo-pending.ts';
import { intentOf } from './plan/intent.ts';
import { isOver } from './plan/lasting.ts';
import { assertLists, matchedLists } from './plan/matched-lists.ts';
import type { Proposal } from './plan/proposal.ts';
import { WindowLeft } from './ports/confirmation.ts';
import { LockLost } from './ports/host-lock.ts';
import type { Ports } from './ports/ports.ts';
import { HostSession } from './ports/session.ts';
import type { RulesetRecord } from './ports/stores.ts';
import { isEnding, noteEnding } from './settle/note-ending.ts';
import { settlePending } from './settle/settle-pending.ts';
import { tellSettled } from './settle/tell-settled.ts';
import { Stopwatch } from './time/stopwatch.ts';

/** Who goes back: as a job would, but that nobody has sent it. */
type Ender = Asked & Writer;

/** A ruleset of which the content has come to its end, as it is on record. */
interface Over extends RulesetRecord {
  committed: NonNullable<RulesetRecord['committed']>;
  end: NonNullable<RulesetRecord['end']>;
}

/**
 * Goes back to what a host had before a content that has come to its end. It uses no probe: nobody asked for it now, and what it
 * goes back to was confirmed before. The revision on record stays the highest.
 *
 * @returns why it did not succeed; `null`: it did, or the content was replaced meanwhile
 * @throws {LockTimeout | LockLost | StateUnavailable | WindowLeft} it has to be tried again
 */
export async function endRuleset(name: string, ports: Ports): Promise<JobFailure | null> {
  return await HostSession.begin(ports, `end of ruleset ${name}`, new Stopwatch(), async (session) => {
    const settled = await settlePending(session);
    if (settled !== null) tellSettled(settled, ports);
    if (settled?.owed != null) return undoPending(settled.change, settled.owed);
    await settleListsOfRules(`end of ruleset ${name}`, ports);
    const records = await ports.rulesets.list();
    const record = records.find((known) => known.name === name);
    if (record === undefined || !isOver(record, Date.now()) || !hasEnd(record)) return null;
    const { failure, ...end } = await reach(record, records, session, ports);
    await note({ ...end, failure }, session.ports);
    return failure;
  });
}

function hasEnd(record: RulesetRecord): record is Over {
  return record.end !== null && record.committed !== null;
}

async function reach(
  record: Over,
  records: readonly RulesetRecord[],
  session: HostSession,
  ports: Ports,
): Promise<JobEnd> {
  try {
    return await goBack(record, records, session, ports);
  } catch (error) {
    if (error instanceof LockLost || error instanceof WindowLeft) throw error;
    return failed(asJobFailure(error));
  } finally {
    await session.ports.sandbox.ended();
  }
}

async function goBack(
  record: Over,
  records: readonly RulesetRecord[],
  session: HostSession,
  ports: Ports,
): Promise<JobEnd> {
  const { name, scope, committed, end } = record;
  const { revision } = committed;
  const { back } = end;
  const ender = enderOf(session.watch);
  const common = {
    end: null,
    // What the ruleset asked for itself is over.
    tests: ports.policyTests,
    ending: { until: end.until, backTo: back?.revision ?? null },
    outcomes: { changed: 'applied', same: 'applied' },
  } as const;
  if (back === null) {
    const proposal: Proposal = {
      ...common,
      intent: intentOf(
        { name, revision },
        null,
        perFamily(() => new Map()),
        records,
      ),
      committed: { revision, digest: textDigest(contentText({ name, scope })) },
      content: null,
      earlier: record.earlier,
    };
    return await changeRuleset(proposal, session, ender);
  }
  const sent = await ports.contents.read(back.digest);
  const ruleset = { ...sent, revision, adopt: [] };
  const { wanted, failure } = await lintRuleset(ruleset, ports.rehearsals);
  if (failure !== null) throw failure;
  const matched = await matchedLists(wanted);
  await assertLists(ruleset, matched, ports);
  const proposal: Proposal = {
    ...common,
    intent: intentOf(ruleset, ruleset, wanted, records),
    committed: { revision, digest: back.digest },
    content: contentText(sent),
    earlier: back.earlier,
  };
  const needed = { matched: new Set(matched.map(({ list }) => list)), made: [] };
  return await holdLists(needed, ender, ports, async () => await changeRuleset(proposal, session, ender));
}

function enderOf(watch: Stopwatch): Ender {
  const now = new Date().toISOString();
  const job: Asked['job'] & Pick<Job, 'id'> = {
    id: randomUUID(),
    action: 'rollback',
    issuedAt: now,
    confirm: { mode: 'none', timeoutSeconds: 1 },
  };
  return {
    job,
    origin: { attempt: 1, redelivered: false, authenticated: false, deliveredAt: now, headers: {} },
    watch,
    beforeWriting: async () => {},
    onWritten: () => {},
  };
}

/** What the change has reached stands, also where that cannot be noted now: whoever settles next tells it. */
async function note(reached: JobEnd, ports: HostSession['ports']): Promise<void> {
  try {
    const change = await ports.journal.read();
    if (change !== null && isEnding(change)) await noteEnding(change, reached, ports);
  } catch (error) {
    ports.log.error({ error }, 'Cannot note that a ruleset has come to its end: it is noted later');
    ports.caretaker.wake();
  }
}
