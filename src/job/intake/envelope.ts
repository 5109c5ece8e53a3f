import { escapeControl } from '../../contract/words/escape.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { FlattenedSignature, KeyRing, TrustedKey } from '../ports/key-ring.ts';
import { isDeeperThan } from './scan-json.ts';

/** Of the name of a key, in characters. */
const MOST_SHOWN = 64;

/** A signature may have a header that is not protected, which is not looked at: a member of it may have some depth of its own. */
const DEEPEST = 8;

/** The payload of a message, and the keys that signed exactly these bytes. */
export interface Opened {
  payload: Uint8Array;
  signers: TrustedKey[];
}

/** More signatures than anybody needs, and few enough to be cheap to check. */
const MOST_SIGNATURES = 8;
const PART = /^[A-Za-z0-9_-]*$/;

/** @throws {JobFailure} `signature_missing` */
export async function openUnsigned(payload: Uint8Array, ring: KeyRing): Promise<Opened> {
  if ((await ring.keys()) === null) return { payload, signers: [] };
  throw new JobFailure(
    'authorise',
    'signature_missing',
    'the message is not signed, and this host takes none that is not',
  );
}

/**
 * Checks every signature whose key is known. The payload is the one that was verified, so that what is read is what was signed.
 *
 * @throws {JobFailure} of stage `decode` if the bytes are no JWS; `signer_not_trusted` if no key is known; `signature_invalid` if
 * a signature does not verify
 */
export async function openSigned(jws: Uint8Array, isCompact: boolean, ring: KeyRing): Promise<Opened> {
  const signatures = isCompact ? readCompact(jws) : readGeneral(jws);
  for (const signature of signatures) assertPlainHeader(signature);
  const keys = (await ring.keys()) ?? [];
  const opened: Opened[] = [];
  for (const signature of signatures) {
    const key = keys.find(({ kid }) => kid === kidOf(signature));
    if (key !== undefined) opened.push({ payload: await verified(key, signature), signers: [key] });
  }
  const [first] = opened;
  if (first === undefined) {
    const named = signatures.map((signature) => showKid(kidOf(signature))).join(', ');
    const why =
      keys.length === 0
        ? `this host trusts no keys (signed by ${named})`
        : `none of its signers is a key that this host trusts: ${named}`;
    throw new JobFailure('authorise', 'signer_not_trusted', `the message is signed, but ${why}`);
  }
  return { payload: first.payload, signers: opened.flatMap(({ signers }) => signers) };
}

async function verified(key: TrustedKey, signature: FlattenedSignature): Promise<Uint8Array> {
  try {
    return await key.verify(signature);
  } catch (error) {
    const message = `the signature by key ${key.kid} is not one of this message`;
    throw new JobFailure('authorise', 'signature_invalid', message, { cause: error });
  }
}

export function readCompact(jws: Uint8Array): FlattenedSignature[] {
  const parts = Buffer.from(jws).toString('latin1').trim().split('.', 4);
  const [header, payload, signature] = parts;
  const isJws = parts.length === 3 && parts.every((part) => PART.test(part));
  if (!isJws || header === undefined || payload === undefined || signature === undefined) {
    throw noJws('it is not three base64url parts with dots between');
  }
  return [{ protected: header, payload, signature }];
}

export function readGeneral(jws: Uint8Array): FlattenedSignature[] {
  if (isDeeperThan(DEEPEST, jws)) throw noJws('it is nested too deep');
  const json = parse(Buffer.from(jws).toString('utf8')) as Record<string, unknown> | null;
  const { payload, signatures } = json ?? {};
  if (typeof payload !== 'string' || !Array.isArray(signatures))
    throw noJws('it has no payload and signatures');
  if (signatures.length === 0 || signatures.length > MOST_SIGNATURES) {
    throw noJws(`it has ${signatures.length} signatures: 1 to ${MOST_SIGNATURES} are possible`);
  }
  return signatures.map((entry: unknown) => {
    const { protected: header, signature } = (entry ?? {}) as Record<string, unknown>;
    if (typeof header !== 'string' || typeof signature !== 'string')
      throw noJws('a signature is not protected');
    return { payload, protected: header, signature };
  });
}

/**
 * Extensions of JWS are not taken, in no signature: with `b64` (RFC 7797), two signatures over one payload would have signed different
 * bytes.
 *
 * @throws {JobFailure} `signature_invalid`
 */
function assertPlainHeader(signature: FlattenedSignature): void {
  const header = headerOf(signature);
  const extension = ['crit', 'b64'].find((name) => Object.hasOwn(header, name));
  if (extension === undefined) return;
  const message = `a signature has "${extension}" in its header: extensions of JWS are not taken`;
  throw new JobFailure('authorise', 'signature_invalid', message);
}

/** Anybody may have chosen it. */
function showKid(kid: string | null): string {
  return kid === null ? 'one without a kid' : `"${escapeControl(kid.slice(0, MOST_SHOWN))}"`;
}

function kidOf(signature: FlattenedSignature): string | null {
  const { kid } = headerOf(signature);
  return typeof kid === 'string' ? kid : null;
}

/** The protected header only: anybody could have written the rest. */
function headerOf({ protected: header }: FlattenedSignature): { kid?: unknown } {
  const read = parse(Buffer.from(header, 'base64url').toString('utf8'));
  return typeof read === 'object' && read !== null ? read : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function noJws(why: string): JobFailure {
  return new JobFailure('decode', 'job_malformed', `the body is said to be a JWS, and is none: ${why}`);
}
