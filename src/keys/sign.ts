import { type FlattenedJWS, FlattenedSign } from 'jose';
import type { SigningKey } from './signing-key.ts';

/** A message as it goes to the broker. */
export interface SignedMessage {
  body: Buffer;
  contentType: 'application/jose' | 'application/jose+json';
}

/** General JWS (RFC 7515, 7.2.1). */
export interface GeneralJws {
  payload: string;
  signatures: { protected: string; signature: string }[];
}

/** Signs the bytes: with one key in compact form, with several in general form. @throws {Error} if there is no key */
export async function signMessage(payload: Uint8Array, keys: readonly SigningKey[]): Promise<SignedMessage> {
  const [first, ...others] = await Promise.all(keys.map((key) => signatureBy(payload, key)));
  if (first === undefined) throw new Error('there is no key to sign with');
  if (others.length === 0) {
    const compact = [first.protected, first.payload, first.signature].join('.');
    return { body: Buffer.from(compact), contentType: 'application/jose' };
  }
  return generalMessage({ payload: first.payload, signatures: [first, ...others].map(signatureOf) });
}

/** Adds signatures to what others have signed. */
export async function addSignatures(
  { payload, signatures }: GeneralJws,
  keys: readonly SigningKey[],
): Promise<SignedMessage> {
  const added = await Promise.all(keys.map((key) => signatureBy(Buffer.from(payload, 'base64url'), key)));
  return generalMessage({ payload, signatures: [...signatures, ...added.map(signatureOf)] });
}

function generalMessage(jws: GeneralJws): SignedMessage {
  return { body: Buffer.from(JSON.stringify(jws)), contentType: 'application/jose+json' };
}

async function signatureBy(
  payload: Uint8Array,
  { kid, algorithm, key }: SigningKey,
): Promise<Required<Pick<FlattenedJWS, 'payload' | 'protected' | 'signature'>>> {
  const signed = await new FlattenedSign(payload).setProtectedHeader({ alg: algorithm, kid }).sign(key);
  const { protected: header = '', signature } = signed;
  return { payload: signed.payload, protected: header, signature };
}

function signatureOf({ protected: header, signature }: { protected: string; signature: string }) {
  return { protected: header, signature };
}
