import { hasEnded } from '../../list/content.ts';
import type { EntryChange } from '../../list/plan-delta.ts';
import { changeLines } from '../../list/set-lines.ts';
import type { LiveSets } from '../ports/list-session.ts';
import type { StoredList } from '../ports/lists.ts';

/** So that one restore does not keep the list's other changes waiting, nor fill the memory. */
const AT_ONCE = 20_000;

/**
 * Sets the kernel's timeouts anew by the times at which entries end. The kernel counts seconds on its own, and knows of no clock that
 * was set, nor of a machine that slept.
 */
export async function renewTimeouts({ record, content }: StoredList, sets: LiveSets): Promise<void> {
  const nowMs = Date.now();
  let some: EntryChange[] = [];
  const write = async () => {
    await sets.write(changeLines(record.name, some, record.kind, nowMs));
    some = [];
  };
  for (const [text, until] of content) {
    if (until === null) continue;
    some.push({ text, before: until, after: hasEnded(until, nowMs) ? undefined : until });
    if (some.length === AT_ONCE) await write();
  }
  await write();
}
