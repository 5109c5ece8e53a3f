import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ControlMessage } from '../../contract/control.ts';
import { API_VERSION } from '../../contract/identifiers.ts';
import { Job, type Target } from '../../contract/job.ts';
import { signMessage } from '../../keys/sign.ts';
import type { SigningKey } from '../../keys/signing-key.ts';
import { RequestInvalid } from './errors.ts';

/** A message as it is published. */
export interface PreparedMessage {
  jobId: string;
  contentType: string;
  body: Buffer;
}

type JobFields =
  z.input<typeof Job> extends infer T
    ? T extends unknown
      ? Omit<T, 'apiVersion' | 'id' | 'issuedAt'>
      : never
    : never;

/** How long a signed job may be run, where nothing else is said: hosts refuse those that could be run for ever. */
const SIGNED_FOR_MS = 24 * 3_600_000;

/** Puts a job together, and signs it where there are keys. @throws {RequestInvalid} */
export async function prepareJob(fields: JobFields, keys: readonly SigningKey[]): Promise<PreparedMessage> {
  const id = randomUUID();
  const now = Date.now();
  const expiry = keys.length === 0 ? {} : { expiresAt: new Date(now + SIGNED_FOR_MS).toISOString() };
  const job = { apiVersion: API_VERSION, id, issuedAt: new Date(now).toISOString(), ...expiry, ...fields };
  assertValid(Job, job);
  return { jobId: id, ...(await encode(job, keys)) };
}

/** @throws {RequestInvalid} */
export async function prepareControl(
  fields: { kind: 'confirm' | 'abort'; jobId: string } | { kind: 'ping' },
  target: Target,
  keys: readonly SigningKey[],
): Promise<PreparedMessage> {
  const id = randomUUID();
  const message = { apiVersion: API_VERSION, id, issuedAt: new Date().toISOString(), target, ...fields };
  assertValid(ControlMessage, message);
  return { jobId: id, ...(await encode(message, keys)) };
}

/** As hosts would: what they refuse for its form is not sent. */
function assertValid(schema: z.ZodType, message: object): void {
  const { error } = schema.safeParse(message);
  if (error !== undefined) throw new RequestInvalid(z.prettifyError(error), { cause: error });
}

async function encode(message: object, keys: readonly SigningKey[]): Promise<Omit<PreparedMessage, 'jobId'>> {
  const body = Buffer.from(JSON.stringify(message));
  return keys.length === 0 ? { body, contentType: 'application/json' } : await signMessage(body, keys);
}
