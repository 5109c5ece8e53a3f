import { setMaxListeners } from 'node:events';

/** Returns what the work returns, or throws the abort reason if the signal is aborted first. Leaves no listener on the signal. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  // The work may still fail after the abort, when nobody waits for it any more: unhandled, that would end the process.
  work.catch(() => {});
  signal.throwIfAborted();
  // As many may wait as there are hosts: that is no leak.
  setMaxListeners(0, signal);
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
