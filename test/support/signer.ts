import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const SIGN = join(import.meta.dirname, '../integration/broker/sign.py');

export interface SigningKey {
  kid: string;
  /** The private key, as a JWK in a file. */
  file: string;
  publicJwk: Record<string, unknown>;
}

/** Makes a pair of keys, and writes the private one to a file in the folder. */
export async function makeKey(
  folder: string,
  kid: string,
  curve: 'ed25519' | 'P-256' = 'ed25519',
): Promise<SigningKey> {
  const { privateKey, publicKey } =
    curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve });
  const file = join(folder, `${kid}.jwk`);
  await writeFile(file, JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid }));
  return { kid, file, publicJwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

/** Signs the value as a JWS, by a program that is not ours. */
export async function sign(value: object, form: 'compact' | 'general', ...files: string[]): Promise<Buffer> {
  const { stdout } = await execa('/usr/bin/python3', [SIGN, form, ...files], {
    input: JSON.stringify(value),
  });
  return Buffer.from(stdout);
}
