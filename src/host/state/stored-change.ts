import { dirname } from 'node:path';
import * as z from 'zod';
import { JobAction } from '../../contract/events/event.ts';
import { parseJson, readIfThere, removeIfThere, syncFolder } from './files.ts';
import { orUnavailable } from './state-error.ts';
import { assertNotNewer } from './state-version.ts';

/** What the journals of rulesets and of lists say alike of a change. */
export const StoredJob = z.object({
  id: z.string(),
  action: JobAction,
  issuedAt: z.string(),
  rolloutId: z.string().optional(),
});

export const StoredOrigin = z.object({
  attempt: z.int(),
  redelivered: z.boolean(),
  authenticated: z.boolean().default(false),
  deliveredAt: z.string(),
  headers: z.record(z.string(), z.string()),
});

export const StoredWindow = z.object({
  mode: z.enum(['probe', 'manual']),
  resumable: z.boolean(),
  deadline: z.string(),
  deadlineMs: z.number(),
});

/**
 * Reads a change that was cut short; `null`: there is none.
 *
 * @param damaged makes the error of a file that cannot be read as one
 * @throws {StateUnavailable}; what `damaged` makes
 */
export async function readStoredChange<T extends z.ZodType>(
  path: string,
  schema: T,
  damaged: () => Error,
): Promise<z.output<T> | null> {
  return await orUnavailable(dirname(path), async () => {
    const text = await readIfThere(path);
    if (text === null) return null;
    const values = parseJson(text);
    assertNotNewer(path, values);
    const stored = schema.safeParse(values);
    if (!stored.success) throw damaged();
    return stored.data;
  });
}

/** The change is over. @throws {StateUnavailable} */
export async function removeStoredChange(path: string): Promise<void> {
  await orUnavailable(dirname(path), async () => {
    await removeIfThere(path);
    await syncFolder(dirname(path)).catch(() => {});
  });
}
