import { stat } from 'node:fs/promises';
import { flattenedVerify, importJWK } from 'jose';
import { readTrustedKeys, type TrustedJwk } from '../config/trusted-keys.ts';
import type { KeyRing, TrustedKey } from '../job/ports/key-ring.ts';
import type { Log } from '../job/ports/log.ts';

/** The keys of a file, read again whenever it has changed. */
export class KeyFile implements KeyRing {
  readonly #path: string;
  readonly #log: Log;
  #keys: Promise<readonly TrustedKey[]>;
  #changed: string;

  private constructor(path: string, keys: TrustedKey[], changed: string, log: Log) {
    this.#path = path;
    this.#keys = Promise.resolve(keys);
    this.#changed = changed;
    this.#log = log;
  }

  /** @throws {SettingsError} */
  static async open(path: string, log: Log): Promise<KeyFile> {
    const changed = await stampOf(path);
    return new KeyFile(path, await readKeys(path), changed, log);
  }

  /**
   * Reads a changed file again. If it has become wrong, no key is trusted: it may have been changed to take a key away. Whoever asks
   * while it is read gets what is read, and not what was trusted before.
   */
  async keys(): Promise<readonly TrustedKey[]> {
    const changed = await stampOf(this.#path);
    if (changed !== this.#changed) {
      this.#changed = changed;
      this.#keys = this.#read();
    }
    return await this.#keys;
  }

  async #read(): Promise<readonly TrustedKey[]> {
    try {
      const keys = await readKeys(this.#path);
      this.#log.info({ keys: keys.map(({ kid }) => kid) }, 'Trusted keys were read again');
      return keys;
    } catch (error) {
      this.#log.error({ error }, 'Trusted keys cannot be read: no key is trusted');
      return [];
    }
  }
}

async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found === null ? 'gone' : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}

async function readKeys(path: string): Promise<TrustedKey[]> {
  return await Promise.all((await readTrustedKeys(path)).map(trustedKey));
}

async function trustedKey({ kid, algorithm, jwk, limits }: TrustedJwk): Promise<TrustedKey> {
  const key = await importJWK(jwk, algorithm);
  // RFC 9864 has a new name for EdDSA with this curve; both names are in use.
  const algorithms = algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm];
  return {
    kid,
    limits,
    verify: async (signature) => (await flattenedVerify(signature, key, { algorithms })).payload,
  };
}
