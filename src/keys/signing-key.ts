import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { type CryptoKey, importJWK } from 'jose';
import * as z from 'zod';
import { SettingsError } from '../config/settings-error.ts';
import { readText } from '../system/read-text.ts';

/** A private key, to sign with. */
export interface SigningKey {
  kid: string;
  algorithm: 'EdDSA' | 'ES256';
  key: CryptoKey | Uint8Array;
}

/** A public key, as hosts trust it. */
export interface PublicJwk {
  kid: string;
  kty: string;
  crv: string;
  x: string;
  y?: string;
}

const kid = z.string().min(1).max(200);
const PrivateJwk = z.union([
  z.looseObject({ kid, kty: z.literal('OKP'), crv: z.literal('Ed25519'), d: z.string(), x: z.string() }),
  z.looseObject({
    kid,
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    d: z.string(),
    x: z.string(),
    y: z.string(),
  }),
]);
const OTHERS = 0o077;

/** Makes a pair of keys, and writes the private one to a new file, 0600. @throws {SettingsError} if it cannot be made */
export async function generateSigningKey(
  path: string,
  name: string,
  algorithm: SigningKey['algorithm'],
): Promise<PublicJwk> {
  const { privateKey } =
    algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { kid: name, ...privateKey.export({ format: 'jwk' }) };
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${JSON.stringify(jwk, null, 2)}\n`);
    await file.close();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SettingsError(
      code === 'EEXIST' ? `${path}: is there already, and is not written over` : message,
    );
  }
  return publicOf(jwk);
}

/** @throws {SettingsError} if it is no key that can sign for hosts, or if others may read it */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const jwk = await readPrivateJwk(path);
  const algorithm = jwk.kty === 'OKP' ? 'EdDSA' : 'ES256';
  try {
    const key = await importJWK({ ...jwk }, algorithm);
    return { kid: jwk.kid, algorithm, key };
  } catch (error) {
    throw new SettingsError(`${path}: is no key: ${(error as Error).message}`);
  }
}

/** The public half of a private key in a file. @throws {SettingsError} */
export async function readPublicHalf(path: string): Promise<PublicJwk> {
  return publicOf(await readPrivateJwk(path));
}

async function readPrivateJwk(path: string): Promise<z.infer<typeof PrivateJwk>> {
  let values: unknown;
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0) {
      throw new SettingsError(`${path}: others may read this private key: chmod 600 ${path}`);
    }
    values = JSON.parse(await readText(path));
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    // The parser's message quotes the text, which is a secret here.
    const reason = error instanceof SyntaxError ? 'is not JSON' : (error as Error).message;
    throw new SettingsError(`${path}: cannot be read as a key: ${reason}`);
  }
  const read = PrivateJwk.safeParse(values);
  if (read.success) return read.data;
  throw new SettingsError(
    `${path}: is no private Ed25519 (OKP) or P-256 (EC) key as a JWK with a kid: make one with fleetwall keys generate`,
  );
}

function publicOf(jwk: { kid: string }): PublicJwk {
  const key = createPublicKey(createPrivateKey({ key: jwk as never, format: 'jwk' }));
  return { kid: jwk.kid, ...key.export({ format: 'jwk' }) } as PublicJwk;
}
