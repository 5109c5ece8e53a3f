import { type JobCompleted, MAX_REPORT_BYTES, type ReportedList } from '../../contract/events/event.ts';

/** The most entries that are named one by one, so that an event stays within 64 KiB. */
const MOST_NAMED = 200;
const REPORT_BYTES = MAX_REPORT_BYTES - 64 * 1024;
/** What an entry takes besides its text. */
const ENTRY_BYTES = 64;

export function fitSkipped(skipped: readonly string[]): Pick<JobCompleted, 'skipped' | 'skippedCount'> {
  if (skipped.length <= MOST_NAMED) return { skipped: [...skipped] };
  return { skipped: skipped.slice(0, MOST_NAMED), skippedCount: skipped.length };
}

export function fitListReport(list: ReportedList): ReportedList {
  let room = REPORT_BYTES;
  const end = list.entries.findIndex(({ entry }) => {
    room -= entry.length + ENTRY_BYTES;
    return room < 0;
  });
  return end === -1 ? list : { ...list, entries: list.entries.slice(0, end), truncated: true };
}
