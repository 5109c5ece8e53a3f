import { describeCause } from '../change/take-back.ts';
import { endedEvent } from '../outcome/ended-event.ts';
import type { JobEnd } from '../outcome/job-end.ts';
import { namesOf } from '../outcome/naming.ts';
import { rulesetState } from '../outcome/ruleset-state.ts';
import { isUndoFailed } from '../outcome/undo-pending.ts';
import type { Ending, PendingChange } from '../ports/pending.ts';
import type { HostSession } from '../ports/session.ts';
import { closePending } from './close-pending.ts';
import { oweUndo } from './owed-undo.ts';

/** A change that goes back to what was before a content with an end. */
export interface EndingChange extends PendingChange {
  ending: Ending;
}

export function isEnding(change: PendingChange): change is EndingChange {
  return change.ending !== null;
}

/**
 * Notes what came of the end of a content. That the host went back is on disk before the journal is closed, so that it is told once
 * and never forgotten, whoever is ended in the middle.
 *
 * @returns why what was done could not be taken back; `null`: nothing is owed
 * @throws {StateUnavailable} if the journal stays open
 */
export async function noteEnding(
  change: EndingChange,
  reached: JobEnd,
  ports: HostSession['ports'],
): Promise<string | null> {
  const { ruleset, ending, diff } = change;
  if (isUndoFailed(reached)) {
    await oweUndo(change, ports);
    return describeCause(reached.failure?.cause ?? reached.failure);
  }
  if (reached.failure === null) {
    const { liveRevision, liveDigest } = await rulesetState(ruleset, null, ports);
    const event = endedEvent(ruleset, ending.until, { liveRevision, liveDigest, diff, failure: null }, ports);
    await ports.undone.put({ event, headers: {} });
    const fields = { ...namesOf(ruleset), liveRevision };
    ports.log.warn(fields, 'A ruleset has come to its end: the host has what it had before');
  }
  await closePending(ports);
  ports.caretaker.wake();
  return null;
}
