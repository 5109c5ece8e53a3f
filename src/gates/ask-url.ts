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
 * @throws {Error} in words for a person: no answer, an answer that is too long, a token that cannot be read
 */
export async function askUrl(
  url: URL,
  { tokenFile, timeoutSeconds }: Asked,
  signal?: AbortSignal,
): Promise<{ status: number; location: string | null; body: string }> {
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    const location = answer.headers.get('location')?.replace(AFTER_PATH, '') ?? null;
    return { status: answer.status, location, body: await readBody(answer) };
  } catch (error) {
    if (limit.aborted) throw new Error(`no answer within ${timeoutSeconds} s`, { cause: error });
    // What fetch itself says is only that it failed.
    const { message, cause } = error as Error;
    throw new Error(`no answer: ${cause instanceof Error ? cause.message || String(cause) : message}`, {
      cause: error,
    });
  }
}

async function readBody({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error(`an answer of more than ${LONGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
