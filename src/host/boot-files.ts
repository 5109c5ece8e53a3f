import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, FAMILIES, type Family } from '../contract/identifiers.ts';
import type { BootFiles, RulesetRecord } from '../job/state.ts';
import { textDigest } from '../ruleset/digest.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import { renderLoader } from './boot-loader.ts';
import {
  identityOf,
  makePrivateFolder,
  placeDurably,
  readIfThere,
  syncFolder,
  writeAside,
  writeDurably,
} from './files.ts';
import { orUnavailable } from './state-error.ts';

type Ruleset = Pick<RulesetRecord, 'name' | 'scope'>;

/** The rules of each ruleset as plain files that `iptables-restore` takes, `boot/NAME.SCOPE.FAMILY` in the state folder. */
export class FileBootFiles implements BootFiles {
  readonly #folder: string;
  readonly #restore: PerFamily<string>;
  #hasLoader = false;
  /** What is known to be in a file, for as long as it is that file: it is neither written nor read again for that. */
  readonly #known = new Map<string, { digest: Digest; identity: string }>();

  /** @param restore the programs that load them, by absolute path */
  constructor(stateDir: string, restore: PerFamily<string>) {
    this.#folder = join(stateDir, 'boot');
    this.#restore = restore;
  }

  async prepare(ruleset: Ruleset, rules: PerFamily<string>): Promise<PerFamily<Digest>> {
    return await orUnavailable(this.#folder, async () => {
      await makePrivateFolder(this.#folder);
      await this.#writeLoader();
      const digests = perFamily((family) => textDigest(rules[family]));
      await Promise.all(
        FAMILIES.map(async (family) => {
          const path = this.#path(ruleset, family);
          if (await this.#isKnown(path, digests[family])) return;
          await this.#learn(await writeAside(path, rules[family]), digests[family]);
        }),
      );
      return digests;
    });
  }

  async place(record: RulesetRecord): Promise<void> {
    const { live } = record;
    await orUnavailable(this.#folder, async () => {
      for (const family of FAMILIES) {
        const path = this.#path(record, family);
        if (live === null) await rm(path, { force: true });
        else if (!(await this.#isKnown(path, live.saved[family])))
          await this.#place(path, live.saved[family]);
      }
      if (live === null) await syncFolder(this.#folder).catch(ignoreMissing);
    });
  }

  async read(record: RulesetRecord): Promise<PerFamily<string> | null> {
    const { live } = record;
    if (live === null) return null;
    return await orUnavailable(this.#folder, async () => {
      const [ipv4, ipv6] = await Promise.all(
        FAMILIES.map((family) => readIfThere(this.#path(record, family))),
      );
      if (ipv4 == null || ipv6 == null) return null;
      const isSame = textDigest(ipv4) === live.saved.ipv4 && textDigest(ipv6) === live.saved.ipv6;
      return isSame ? { ipv4, ipv6 } : null;
    });
  }

  async #writeLoader(): Promise<void> {
    if (this.#hasLoader) return;
    await writeDurably(join(this.#folder, 'load'), renderLoader(this.#restore));
    this.#hasLoader = true;
  }

  /** A worker that was cut short may have written the file aside, and may have put it in its place. */
  async #place(path: string, digest: Digest): Promise<void> {
    const aside = asideOf(path);
    if ((await this.#isKnown(aside, digest)) || (await holds(aside, digest))) {
      await placeDurably(aside, path);
      await this.#learn(path, digest);
    } else if (!(await holds(path, digest)))
      throw new Error(`${path} is missing or damaged: push the ruleset again`);
  }

  async #isKnown(path: string, digest: Digest): Promise<boolean> {
    const known = this.#known.get(path);
    return known?.digest === digest && known.identity === (await identityOf(path));
  }

  async #learn(path: string, digest: Digest): Promise<void> {
    const identity = await identityOf(path);
    if (identity !== null) this.#known.set(path, { digest, identity });
  }

  #path({ name, scope }: Ruleset, family: Family): string {
    return join(this.#folder, `${name}.${scope}.${family}`);
  }
}

async function holds(path: string, digest: Digest): Promise<boolean> {
  const text = await readIfThere(path);
  return text !== null && textDigest(text) === digest;
}

function asideOf(path: string): string {
  return `${path}.new`;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
