import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { expect, it } from 'vitest';
import { KeyFile } from '../../src/keys/key-file.ts';
import { silentLog } from '../../src/log/logger.ts';

it('whoever asks for the trusted keys while a changed file is read gets the keys of the changed file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleetwall-keys-'));
  const path = join(folder, 'keys.json');
  const { publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: 'EdDSA' };
  const trust = async (...kids: string[]) =>
    await writeFile(path, JSON.stringify({ keys: kids.map((kid) => ({ ...jwk, kid })) }), { mode: 0o644 });
  try {
    await trust('old');
    const file = await KeyFile.open(path, silentLog());
    await trust('another');
    const asked = await Promise.all(Array.from({ length: 20 }, async () => await file.keys()));
    expect(asked.map((keys) => keys.map(({ kid }) => kid))).toEqual(asked.map(() => ['another']));
  } finally {
    await rm(folder, { recursive: true });
  }
});
