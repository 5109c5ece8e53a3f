import * as z from 'zod';
import { Digest } from '../../contract/words/identifiers.ts';
import type { ListRecord } from '../../job/ports/lists.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { inTurns } from '../../job/time/in-turns.ts';
import { readList } from '../../list/list-file.ts';
import { assertNotNewer, STATE_VERSION } from './state-version.ts';

export const StoredList = z.object({
  name: z.string(),
  kind: z.enum(['deny', 'allow']).nullable(),
  maxEntries: z.int(),
  revision: z.int(),
  asked: Digest.nullable(),
  committedBy: z.string().nullable(),
  isRemoved: z.boolean(),
  entries: z.object({ ipv4: z.int(), ipv6: z.int() }),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  atMs: z.number(),
  nextEndMs: z.number().nullable(),
});

const StoredHead = StoredList.extend({ version: z.literal(STATE_VERSION) });

/** Reads the file of a list. @throws {StateUnavailable} if it is damaged */
export async function readRecord(
  path: string,
  text: string,
): Promise<{ record: ListRecord; content: Map<string, number | null>; length: number }> {
  const read = await inTurns(readList(text));
  assertNotNewer(path, read?.head);
  const head = StoredHead.safeParse(read?.head);
  if (read === null || !head.success) {
    throw new StateUnavailable(
      `${path} is damaged, or no list of fleetwall: restore it, or move it away and send the whole list again (list.replace)`,
    );
  }
  const { version: _, ...record } = head.data;
  return { record, content: read.content, length: read.length };
}
