import { readFile } from 'node:fs/promises';

const LONGEST_BODY = 4 * 1024 * 1024;
/** A page to sign in at is often led to with what nobody is to read in a log. */
const AFTER_PATH = /[?#].*$/s;

interface Asked {
  url: string;
  tokenFile?: string | undefined;
  timeoutSeconds: number;
}

/**
 * Asks for a page, and follows no redirect: where it leads is not what was asked for.
 *
 * @param read - takes what is needed of the answer, within the same time
 * @throws {Error} in words for a person: no answer, an answer that is too long, a token that cannot be read
 */
export async function askUrl<T>(
  url: URL,
  { tokenFile, timeoutSeconds }: Asked,
  read: (answer: Response) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const done = new AbortController();
  const signals = [limit, done.signal, ...(signal === undefined ? [] : [signal])];
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.any(signals),
    });
    return await read(answer);
  } catch (error) {
    if (limit.aborted) throw new Error(`no answer within ${timeoutSeconds} s`, { cause: error });
    // What fetch itself says is only that it failed.
    const { message, cause } = error as Error;
    throw new Error(`no answer: ${cause instanceof Error ? cause.message || String(cause) : message}`, {
      cause: error,
    });
  } finally {
    // What was not read of it is not waited for.
    done.abort();
  }
}

/** Where an answer leads that is a redirect, which all of 3xx are: https://www.rfc-editor.org/rfc/rfc9110#section-15.4 */
export function leadsTo({ status, headers }: Response): string | null {
  if (status < 300 || status > 399) return null;
  return headers.get('location')?.replace(AFTER_PATH, '') ?? 'without saying where';
}

/** @throws {Error} if it is too long, or breaks off */
export async function readBody({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error(`an answer of more than ${LONGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Waits for the end of an answer, however long it is. @throws {Error} if it breaks off */
export async function passBody({ body }: Response): Promise<void> {
  await body?.pipeTo(new WritableStream());
}
