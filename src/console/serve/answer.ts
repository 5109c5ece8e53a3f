import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Problem } from '../api/live.ts';

export interface Answer {
  status: number;
  type: string;
  body: Buffer | string;
  /** The same, zipped before. */
  zipped?: Buffer;
  etag?: string;
  headers?: OutgoingHttpHeaders;
}

/** Smaller ones are sent as they are. */
const ZIP_BYTES = 1_024;

/** Nothing but the page's own files is loaded, run or framed, and it sends its forms nowhere else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Of each answer. */
export const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  // With none at all, a browser does not say either that a form comes from here.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

export function json(value: unknown): Answer {
  return { status: 200, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

export function problem(status: number, reason: string): Answer {
  return { ...json({ status: 'failed', reason } satisfies Problem), status };
}

export function redirect(to: string, headers: OutgoingHttpHeaders = {}): Answer {
  return { status: 303, type: 'text/plain; charset=utf-8', body: '', headers: { ...headers, location: to } };
}

export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { etag } = answer;
  if (etag !== undefined) {
    response.setHeader('etag', etag);
    response.setHeader('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
  }
  const body = Buffer.from(answer.body);
  const mayZip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && body.byteLength >= ZIP_BYTES;
  const sent = mayZip ? (answer.zipped ?? (await promisify(gzip)(body, { level: 1 }))) : body;
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': sent.byteLength,
    vary: 'accept-encoding',
    ...(mayZip ? { 'content-encoding': 'gzip' } : {}),
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : sent);
}
