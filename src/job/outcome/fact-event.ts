import { createHash } from 'node:crypto';
import { cloudEvent, hostSource } from '../../contract/events/cloud-event.ts';
import { escapeControl } from '../../contract/words/escape.ts';

/** Gives an event its id: the same fact on the same host always has the same id, however often it is published. */
export function factEvent(hostId: string, fact: string[]) {
  return cloudEvent(hostSource(hostId), factId([hostId, ...fact]));
}

/** Makes a UUID of version 8 (RFC 9562: custom content) from the SHA-256 of a fact. */
function factId(fact: string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(fact)).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** The id of a job's rollout as events show it. `null`: it has none. */
export function rolloutOf({ rolloutId }: { rolloutId?: string | undefined }): string | null {
  return rolloutId === undefined ? null : escapeControl(rolloutId);
}
