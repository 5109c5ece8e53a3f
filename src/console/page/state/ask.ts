import type { Problem } from '../../api/live.ts';

/** The server answered that it cannot, or not at all. Its message is for people. */
export class AskError extends Error {
  override readonly name = 'AskError';
}

/**
 * Asks the server for JSON. Whoever is not logged in any more is sent to do so.
 *
 * @throws {@link AskError} it says why not, or there was no answer
 */
export async function ask<T>(address: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address, { headers: { accept: 'application/json' }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new AskError('The server of this page gave no answer.', { cause: error });
  }
  if (response.status === 401) goToLogin();
  if (!response.ok) throw new AskError(await readReason(response));
  return (await response.json()) as T;
}

export function goToLogin(): void {
  location.assign('/login');
}

async function readReason(response: Response): Promise<string> {
  try {
    const { reason } = (await response.json()) as Partial<Problem>;
    if (typeof reason === 'string') return reason;
  } catch {
    // It is no JSON: its status has to do.
  }
  return `The server of this page answered ${response.status}.`;
}
