import type { Ports } from '../ports/ports.ts';

/** Closes the journal. The change has ended, and its end is known. */
export async function closePending({
  journal,
  watchdog,
}: Pick<Ports, 'journal' | 'watchdog'>): Promise<void> {
  await watchdog.disarm();
  await journal.close();
}
