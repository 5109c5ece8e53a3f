import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod';
import { type Job, MAX_JOB_BYTES, MAX_RULE_LINES } from '../../contract/jobs/job.ts';
import { MAX_LIST_JOB_BYTES } from '../../contract/jobs/list-job.ts';
import { describeIssue } from '../../contract/words/describe-issue.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { API_VERSION } from '../../contract/words/identifiers.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Delivery } from '../ports/delivery.ts';
import type { KeyRing, TrustedKey } from '../ports/key-ring.ts';
import { inTurns } from '../time/in-turns.ts';
import { OneAtATime } from '../time/one-at-a-time.ts';
import { type Opened, openSigned, openUnsigned } from './envelope.ts';
import { parseJob } from './parse-job.ts';
import { parseJson } from './parse-json.ts';
import { scanJson } from './scan-json.ts';

/** A decoded message, and the keys that signed it. */
export interface Decoded<T> {
  message: T;
  signers: readonly TrustedKey[];
}

/** The messages of today nest 4 levels deep. Later versions will not need many more. */
const DEEPEST = 32;
const COMPACT = 'application/jose';
const GENERAL = 'application/jose+json';
/** A payload in base64url is a third larger. The rest is room for its signatures. */
const MAX_JWS_BYTES = Math.ceil((MAX_LIST_JOB_BYTES * 4) / 3) + 64 * 1024;
/** What is larger than other jobs may be is read only if it says that it is a whole list. */
const WHOLE_LIST = Buffer.from('"list.replace"');

/**
 * Reads a job from the bytes of an unknown sender, in bounded time and memory.
 *
 * @throws {JobFailure} of stage `decode`, or `authorise` for a signature that is missing, wrong or not trusted
 */
export async function decodeJob(delivery: Delivery, ring: KeyRing): Promise<Decoded<Job>> {
  const { message: body, signers } = await decodeJson(delivery, ring);
  const read = await parseJob(body);
  if (!read.success) throw malformed(describeIssues(read.error));
  assertLineCount(read.data);
  return { message: read.data, signers };
}

/** Before its signature is known, a message may grow to many times its size: only one of this process does so at a time. */
const decoding = new OneAtATime();

/** Reads the JSON of any of our messages. Only its version is checked, not its content. */
export async function decodeJson(delivery: Delivery, ring: KeyRing): Promise<Decoded<unknown>> {
  return await decoding.run(async () => await decodeOne(delivery, ring));
}

async function decodeOne(delivery: Delivery, ring: KeyRing): Promise<Decoded<unknown>> {
  const { payload, signers } = await open(delivery, ring);
  if (payload.byteLength > MAX_JOB_BYTES && !mayBeWholeList(payload)) throw tooLarge();
  const message = await readJson(payload);
  if (payload.byteLength > MAX_JOB_BYTES && !isWholeList(message)) throw tooLarge();
  assertVersion(message);
  return { message, signers };
}

function mayBeWholeList(payload: Uint8Array): boolean {
  return (
    payload.byteLength <= MAX_LIST_JOB_BYTES &&
    Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).includes(WHOLE_LIST)
  );
}

function isWholeList(message: unknown): boolean {
  return (message as { action?: unknown } | null)?.action === 'list.replace';
}

async function open(delivery: Delivery, ring: KeyRing): Promise<Opened> {
  const { contentType } = delivery;
  const isSigned = contentType === COMPACT || contentType === GENERAL;
  const bytes = await unpack(delivery, isSigned ? MAX_JWS_BYTES : MAX_LIST_JOB_BYTES);
  return isSigned ? await openSigned(bytes, contentType === COMPACT, ring) : await openUnsigned(bytes, ring);
}

/** Some clients say how text is encoded where the packing of the body has its place (kombu, and so Celery: `utf-8`). */
const PLAIN = new Set(['', 'identity', 'utf-8', 'utf8', 'us-ascii', 'binary']);

async function unpack({ body, contentEncoding }: Delivery, most: number): Promise<Uint8Array> {
  const encoding = contentEncoding?.toLowerCase() ?? '';
  if (encoding !== 'gzip' && !PLAIN.has(encoding)) {
    throw malformed(`content_encoding is "${escapeControl(encoding)}": only gzip is possible`);
  }
  const bytes = encoding === 'gzip' ? await unzip(body, most) : body;
  if (bytes.byteLength > most) throw tooLarge();
  return bytes;
}

/** The body of a message as its sender made it. @throws {JobFailure} */
export async function unzipped(delivery: Delivery): Promise<Uint8Array> {
  return await decoding.run(async () => await unpack(delivery, MAX_JWS_BYTES));
}

async function unzip(body: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw malformed('the body is said to be gzip, and cannot be unzipped', error);
  }
}

async function readJson(bytes: Uint8Array): Promise<unknown> {
  const { isDeeper, cuts } = await inTurns(scanJson(DEEPEST, bytes));
  if (isDeeper) throw malformed(`the body is JSON nested more than ${DEEPEST} deep`);
  try {
    return await inTurns(parseJson(bytes, cuts));
  } catch (error) {
    throw malformed(`the body is not JSON in UTF-8: ${escapeControl((error as Error).message)}`, error);
  }
}

function assertVersion(body: unknown): void {
  const version = z.object({ apiVersion: z.string() }).safeParse(body);
  if (version.success && version.data.apiVersion !== API_VERSION) {
    const given = escapeControl(version.data.apiVersion.slice(0, 64));
    throw new JobFailure(
      'decode',
      'job_unsupported_version',
      `apiVersion is "${given}": this worker reads ${API_VERSION}`,
    );
  }
}

function assertLineCount(job: Job): void {
  if (job.action !== 'apply' && job.action !== 'check') return;
  const lines = [job.ruleset.ipv4, job.ruleset.ipv6].reduce((sum, text) => sum + linesOf(text ?? ''), 0);
  if (lines > MAX_RULE_LINES) {
    throw new JobFailure(
      'decode',
      'job_too_large',
      `the ruleset has ${lines} lines: at most ${MAX_RULE_LINES} are possible`,
    );
  }
}

/** A line ends with its line feed; what comes behind the last one is a line if there is anything. */
function linesOf(text: string): number {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

/** The first issue, and how many more there are, of what was parsed with {@link IN_WORDS}. */
export function describeIssues(error: z.ZodError): string {
  const [first, ...others] = error.issues.map((issue) =>
    issue.path.length === 0 ? `the job: ${describeIssue(issue)}` : describeIssue(issue),
  );
  const rest = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return escapeControl(`${first ?? 'the job cannot be read'}${rest}`.slice(0, 500));
}

function malformed(message: string, cause?: unknown): JobFailure {
  return new JobFailure('decode', 'job_malformed', message, { cause });
}

function tooLarge(): JobFailure {
  const message = `the job is larger than ${MAX_JOB_BYTES} bytes, or, as a list.replace, than ${MAX_LIST_JOB_BYTES}`;
  return new JobFailure('decode', 'job_too_large', message);
}
