import * as z from 'zod';
import { Job } from '../../contract/jobs/job.ts';
import { IN_WORDS } from '../../contract/words/describe-issue.ts';
import { turnOfOthers } from '../time/in-turns.ts';

/** How many entries are held against the schema in one piece: some ten milliseconds. */
const AT_ONCE = 5_000;

const LongJob = z.object({
  action: z.literal('list.replace'),
  list: z.looseObject({ entries: z.array(z.unknown()).min(AT_ONCE + 1) }),
});

type ParsedJob = { success: true; data: Job; error?: undefined } | { success: false; error: z.ZodError };

/**
 * Holds a message against the schema of jobs. The entries of a long list are taken a piece at a time, as there may be a million: a worker
 * that stands still for longer than the broker waits for a sign of it loses its connection, and gets all of them again.
 */
export async function parseJob(body: unknown): Promise<ParsedJob> {
  if (!LongJob.safeParse(body).success) return Job.safeParse(withoutNulls(body), IN_WORDS);
  const { list, ...rest } = body as { list: { entries: unknown[] } };
  const entries: unknown[] = [];
  let first = 0;
  for (;;) {
    const piece = { ...rest, list: { ...list, entries: list.entries.slice(first, first + AT_ONCE) } };
    const read = Job.safeParse(withoutNulls(piece), IN_WORDS);
    if (!read.success) return { success: false, error: new z.ZodError(read.error.issues.map(behind(first))) };
    const { data } = read;
    if (data.action !== 'list.replace') return read;
    entries.push(...data.list.entries);
    first += AT_ONCE;
    if (first >= list.entries.length)
      return {
        success: true,
        data: { ...data, list: { ...data.list, entries: entries as typeof data.list.entries } },
      };
    await turnOfOthers();
  }
}

/**
 * Takes the fields that are `null` out of a message. Clients write fields so that they do not use, and the worker itself does it in what
 * it reports, which may be sent back.
 */
function withoutNulls<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (const item of value) withoutNulls(item);
    return value;
  }
  const fields = value as Record<string, unknown>;
  for (const [name, field] of Object.entries(fields)) {
    if (field === null) delete fields[name];
    else withoutNulls(field);
  }
  return value;
}

/** The place of an issue in the whole list. */
function behind(first: number): (issue: z.core.$ZodIssue) => z.core.$ZodIssue {
  return (issue) => {
    const [list, entries, index, ...more] = issue.path;
    if (typeof index !== 'number') return issue;
    return { ...issue, path: [list ?? '', entries ?? '', index + first, ...more] };
  };
}
