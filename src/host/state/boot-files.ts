import { copyFile, link, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import type { BootEnd, BootFiles, BootFilesState, BootRecord } from '../../job/ports/stores.ts';
import { bytesDigest } from '../../ruleset/digest.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { renderLoader } from './boot-loader.ts';
import { bootTexts, readBootText } from './boot-text.ts';
import {
  ASIDE,
  identityOf,
  placeDurably,
  readIfThere,
  removeIfThere,
  syncFolder,
  writeAside,
  writeDurably,
} from './files.ts';
import { orUnavailable } from './state-error.ts';

type Ruleset = Pick<BootRecord, 'name' | 'scope'>;

/**
 * The rules of each ruleset as plain files that `iptables-restore` takes, `boot/NAME.SCOPE.FAMILY` in the state folder.
 *
 * The record says by digests which files are right. A new file is written aside first (`.new`). Once it is put in its place, the
 * old one is kept beside it (`.old`) until the record is written. So wherever that is cut short, one of the three is right.
 */
export class FileBootFiles implements BootFiles {
  readonly #folder: string;
  readonly #restore: PerFamily<string>;
  /** The digest of each file that was read or written. While it is the same file, it is neither read nor written again. */
  readonly #known = new Map<string, { digest: Digest; identity: string }>();

  readonly #ipset: string | null;

  /** The programs that load rules and lists, by absolute path. */
  constructor(stateDir: string, restore: PerFamily<string>, ipset: string | null = null) {
    this.#folder = join(stateDir, 'boot');
    this.#restore = restore;
    this.#ipset = ipset;
  }

  async writeLoader(): Promise<void> {
    await orUnavailable(this.#folder, async () => await this.#writeLoader());
  }

  async prepare(ruleset: Ruleset, rules: PerFamily<string>, end: BootEnd | null): Promise<PerFamily<Digest>> {
    return await orUnavailable(this.#folder, async () => {
      await this.#writeLoader();
      const texts = bootTexts(rules, end);
      const digests = perFamily((family) => bytesDigest(texts[family]));
      await Promise.all(
        FAMILIES.map(async (family) => {
          const path = this.#path(ruleset, family);
          if (await this.#isKnown(path, digests[family])) return;
          await this.#learn(await writeAside(path, texts[family], 'latin1'), digests[family]);
        }),
      );
      return digests;
    });
  }

  async place(record: BootRecord): Promise<void> {
    const { live } = record;
    await orUnavailable(this.#folder, async () => {
      for (const family of FAMILIES) {
        const path = this.#path(record, family);
        if (live === null) await rename(path, keptOf(path)).catch(ignoreMissing);
        else if (!(await this.#has(path, live.saved[family]))) await this.#replace(path, live.saved[family]);
      }
      if (live === null) await syncFolder(this.#folder).catch(ignoreMissing);
    });
  }

  async mend(record: BootRecord): Promise<BootFilesState> {
    const { live } = record;
    return await orUnavailable(this.#folder, async () => {
      if (live !== null) await this.#writeLoader();
      const states = await Promise.all(
        FAMILIES.map(async (family) => {
          const path = this.#path(record, family);
          return live === null ? await takeAway(path) : await this.#mend(path, live.saved[family]);
        }),
      );
      return (['lost', 'mended'] as const).find((state) => states.includes(state)) ?? 'whole';
    });
  }

  async forgetOthers(record: BootRecord): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await Promise.all(
        FAMILIES.map(async (family) => {
          const path = this.#path(record, family);
          // Else one of the others may be the right one.
          if (!(await this.#isInPlace(path, record.live?.saved[family]))) return;
          await removeIfThere(keptOf(path));
          await removeIfThere(asideOf(path));
        }),
      );
    });
  }

  async #isInPlace(path: string, digest: Digest | undefined): Promise<boolean> {
    return digest === undefined ? (await identityOf(path)) === null : await this.#has(path, digest);
  }

  async read(record: BootRecord): Promise<PerFamily<string> | null> {
    const texts = await this.#read(record);
    return texts === null ? null : perFamily((family) => readBootText(texts[family]).rules);
  }

  async readAfter(record: BootRecord): Promise<PerFamily<string> | null> {
    const texts = await this.#read(record);
    return texts === null ? null : perFamily((family) => readBootText(texts[family]).after ?? '');
  }

  async #read(record: BootRecord): Promise<PerFamily<string> | null> {
    const { live } = record;
    if (live === null) return null;
    return await orUnavailable(this.#folder, async () => {
      const [ipv4, ipv6] = await Promise.all(
        FAMILIES.map((family) => readIfThere(this.#path(record, family), 'latin1')),
      );
      if (ipv4 == null || ipv6 == null) return null;
      const isSame = bytesDigest(ipv4) === live.saved.ipv4 && bytesDigest(ipv6) === live.saved.ipv6;
      return isSame ? { ipv4, ipv6 } : null;
    });
  }

  async #writeLoader(): Promise<void> {
    const path = join(this.#folder, 'load');
    const text = renderLoader(this.#restore, this.#ipset);
    const digest = bytesDigest(text);
    if (await this.#has(path, digest)) return;
    await writeDurably(path, text);
    await this.#learn(path, digest);
  }

  async #replace(path: string, digest: Digest): Promise<void> {
    const aside = asideOf(path);
    if (!(await this.#has(aside, digest))) throw new Error(`${aside} is missing or damaged`);
    await keep(path);
    await placeDurably(aside, path);
    await this.#learn(path, digest);
  }

  async #mend(path: string, digest: Digest): Promise<BootFilesState> {
    if (await this.#has(path, digest)) return 'whole';
    for (const other of [keptOf(path), asideOf(path)]) {
      if (!(await this.#has(other, digest))) continue;
      await placeDurably(other, path);
      await this.#learn(path, digest);
      return 'mended';
    }
    return 'lost';
  }

  async #has(path: string, digest: Digest): Promise<boolean> {
    const known = this.#known.get(path);
    if (known !== undefined && known.identity === (await identityOf(path))) return known.digest === digest;
    const isThere = await holds(path, digest);
    if (isThere) await this.#learn(path, digest);
    return isThere;
  }

  async #isKnown(path: string, digest: Digest): Promise<boolean> {
    const known = this.#known.get(path);
    return known?.digest === digest && known.identity === (await identityOf(path));
  }

  async #learn(path: string, digest: Digest): Promise<void> {
    // Only a memory: what cannot be looked at now is read when it is asked for.
    const identity = await identityOf(path).catch(() => null);
    if (identity !== null) this.#known.set(path, { digest, identity });
  }

  #path({ name, scope }: Ruleset, family: Family): string {
    return join(this.#folder, `${name}.${scope}.${family}`);
  }
}

/** Whether a file has this content. A file that cannot be read has not: whoever writes it then gets the reason. */
async function holds(path: string, digest: Digest): Promise<boolean> {
  const text = await readIfThere(path, 'latin1').catch(() => null);
  return text !== null && bytesDigest(text) === digest;
}

function asideOf(path: string): string {
  return `${path}${ASIDE}`;
}

function keptOf(path: string): string {
  return `${path}.old`;
}

/** Gives the file in its place a second name, so that there is a file in that place at every moment. */
async function keep(path: string): Promise<void> {
  const kept = keptOf(path);
  await removeIfThere(kept);
  // Not every file system has second names (hard links).
  await link(path, kept).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') await copyFile(path, kept);
  });
}

async function takeAway(path: string): Promise<BootFilesState> {
  if ((await identityOf(path)) === null) return 'whole';
  await removeIfThere(path);
  await syncFolder(dirname(path));
  return 'mended';
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
