import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { v7 as uuidWithTime } from 'uuid';
import * as z from 'zod';
import type { JobCompleted } from '../../contract/events/event.ts';
import { ControlMessage } from '../../contract/jobs/control.ts';
import { Job, type Target } from '../../contract/jobs/job.ts';
import { Envelope } from '../../contract/jobs/job-envelope.ts';
import { describeIssue, IN_WORDS } from '../../contract/words/describe-issue.ts';
import { API_VERSION } from '../../contract/words/identifiers.ts';
import { signMessage } from '../../keys/sign.ts';
import type { SigningKey } from '../../keys/signing-key.ts';
import { bytesDigest } from '../../ruleset/digest.ts';
import { RequestInvalid } from './errors.ts';
import { suggestion } from './names.ts';
import { issuesOf, unknownField } from './request-issues.ts';

/** What a job asks for, as hosts repeat it in its events. */
export interface JobAsks {
  action: NonNullable<JobCompleted['action']>;
  /** What it says of its ruleset, if anything. */
  ruleset?: { name?: string | undefined; revision?: number | undefined } | undefined;
  /** The list that it is about, if any. */
  list?: { name: string } | undefined;
  /** The digest of what was sent, as a host tells it of a message that it has refused. */
  digest?: (() => string) | undefined;
}

/** A message as it is published. */
export interface PreparedMessage {
  jobId: string;
  /** Of a job that is known. */
  asks?: JobAsks;
  contentType: string;
  /** Without it, the body is as it is. */
  contentEncoding?: 'gzip';
  body: Buffer;
}

/** Above this, a body is zipped: RabbitMQ 4.0 takes no message over 16 MiB unless it is told to, and a whole list may have 64. */
const ZIPPED_FROM_BYTES = 256 * 1024;
const zip = promisify(gzip);

type JobFields =
  z.input<typeof Job> extends infer T
    ? T extends unknown
      ? Omit<T, 'apiVersion' | 'id' | 'issuedAt'>
      : never
    : never;

/** How long a job may be run, in seconds, where nothing else is said: a host that comes back later does not run what nobody expects. */
export const EXPIRES_SECONDS = 3_600;

/** Puts a job together, and signs it where there are keys. @throws {RequestInvalid} */
export async function prepareJob(
  fields: JobFields,
  keys: readonly SigningKey[],
  expiresInSeconds = EXPIRES_SECONDS,
): Promise<PreparedMessage & { expiresAt: string }> {
  // Whoever looks for the job later knows by its id how far back that is.
  const id = uuidWithTime();
  const now = Date.now();
  const issuedAt = new Date(now).toISOString();
  const expiresAt = laterBy(now, expiresInSeconds);
  const job = { apiVersion: API_VERSION, id, issuedAt, expiresAt, ...fields };
  assertConfirmFields(fields.confirm);
  assertValid(Job, job);
  const message = await encode(job, keys);
  const asks = {
    action: fields.action,
    ruleset: 'ruleset' in fields ? fields.ruleset : undefined,
    list: 'list' in fields ? fields.list : undefined,
    digest: digestOf(() => message.body),
  };
  return { jobId: id, asks, expiresAt, ...message };
}

/** Made when it is asked for, as only a refusal needs it. */
export function digestOf(body: () => Buffer): () => string {
  let digest: string | undefined;
  return () => (digest ??= bytesDigest(body()));
}

/** @throws {RequestInvalid} */
export async function prepareControl(
  fields: { kind: 'confirm' | 'abort' | 'cancel'; jobId: string } | { kind: 'ping' },
  target: Target,
  keys: readonly SigningKey[],
): Promise<PreparedMessage> {
  const id = randomUUID();
  const message = { apiVersion: API_VERSION, id, issuedAt: new Date().toISOString(), target, ...fields };
  assertValid(ControlMessage, message);
  return { jobId: id, ...(await encode(message, keys)) };
}

const CONFIRM_FIELDS = Object.keys(Envelope.shape.confirm.unwrap().shape);

/** A host passes over a field that it does not know; who asks has misspelt it, and would get another confirmation than is meant. */
function assertConfirmFields(confirm: object = {}): void {
  const odd = Object.keys(confirm).filter((field) => !CONFIRM_FIELDS.includes(field));
  const [first] = odd;
  if (first === undefined) return;
  const issues = odd.map((field) => unknownField(['confirm', field], CONFIRM_FIELDS));
  throw new RequestInvalid(`confirm has no field ${first}${suggestion(first, CONFIRM_FIELDS)}`, { issues });
}

function laterBy(now: number, seconds: number): string {
  const time = new Date(now + seconds * 1000);
  if (!(seconds > 0) || Number.isNaN(time.getTime())) {
    const message = `a job cannot expire in ${seconds} seconds: say a number above 0`;
    throw new RequestInvalid(message, { issues: [{ path: ['expiresInSeconds'], message, nearest: null }] });
  }
  return time.toISOString();
}

/** As hosts would: what they refuse for its form is not sent. */
function assertValid(schema: z.ZodType, message: object): void {
  const { error } = schema.safeParse(message, IN_WORDS);
  if (error === undefined) return;
  const told = error.issues.map(describeIssue).join('\n');
  throw new RequestInvalid(told, { issues: issuesOf(error, []), cause: error });
}

/** The message with a body that is zipped if it is big. */
export async function packed<T extends PreparedMessage>(message: T): Promise<T> {
  if (message.body.length < ZIPPED_FROM_BYTES) return message;
  return { ...message, contentEncoding: 'gzip', body: await zip(message.body) };
}

async function encode(
  message: object,
  keys: readonly SigningKey[],
): Promise<Omit<PreparedMessage, 'jobId' | 'asks'>> {
  const body = Buffer.from(JSON.stringify(message));
  return keys.length === 0 ? { body, contentType: 'application/json' } : await signMessage(body, keys);
}
