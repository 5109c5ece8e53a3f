import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';

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
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return await read(await answerOf(url, headers, AbortSignal.any(signals)));
  } catch (error) {
    if (limit.aborted) throw new Error(`no answer within ${timeoutSeconds} s`, { cause: error });
    throw new Error(`no answer: ${(error as Error).message || String(error)}`, { cause: error });
  } finally {
    // What was not read of it is not waited for.
    done.abort();
  }
}

/** Not by `fetch`, which asks at no port that a browser is kept from (https://fetch.spec.whatwg.org/#port-blocking), such as 6000 or 10080. */
async function answerOf(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const { request } = url.protocol === 'https:' ? https : http;
  return await new Promise((resolve, reject) => {
    const take = (message: http.IncomingMessage) => {
      try {
        resolve(responseOf(message));
      } catch (error) {
        message.destroy();
        reject(error);
      }
    };
    request(url, { headers, signal }, take).on('error', reject).end();
  });
}

/** Answers that have no body. */
const BODILESS = new Set([204, 205, 304]);

function responseOf(message: http.IncomingMessage): Response {
  const { statusCode: status = 0, headers } = message;
  const hasBody = !BODILESS.has(status);
  if (!hasBody) message.resume();
  const body = hasBody ? (Readable.toWeb(message) as ReadableStream) : null;
  const location = headers.location === undefined ? {} : { location: headers.location };
  return new Response(body, { status, headers: location });
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
