import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FAMILIES, type Family } from '../contract/identifiers.ts';
import type { BootFiles, BootRuleset, PreparedBootFiles, RulesetRecord } from '../job/state.ts';
import { textDigest } from '../ruleset/digest.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import { makePrivateFolder, placeDurably, readIfThere, syncFolder, writeAside } from './files.ts';
import { orUnavailable } from './state-error.ts';

/** The rules of each ruleset as plain files that `iptables-restore` takes, `boot/NAME.SCOPE.FAMILY` in the state folder. */
export class FileBootFiles implements BootFiles {
  readonly #folder: string;
  /** What is known to be in a file: it is not written again. */
  readonly #written = new Map<string, string>();

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'boot');
  }

  async prepare(ruleset: BootRuleset, rules: PerFamily<string>): Promise<PreparedBootFiles> {
    return await orUnavailable(this.#folder, async () => {
      await makePrivateFolder(this.#folder);
      const digests = perFamily((family) => textDigest(rules[family]));
      const changed = FAMILIES.filter(
        (family) => this.#written.get(this.#path(ruleset, family)) !== digests[family],
      );
      const asides = await Promise.all(
        changed.map(async (family) => {
          const path = this.#path(ruleset, family);
          return { path, digest: digests[family], aside: await writeAside(path, rules[family]) };
        }),
      );
      const place = async () => {
        for (const { path, aside, digest } of asides) {
          await placeDurably(aside, path);
          this.#written.set(path, digest);
        }
      };
      return { digests, place: () => orUnavailable(this.#folder, place) };
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

  async remove(ruleset: BootRuleset): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await makePrivateFolder(this.#folder);
      for (const family of FAMILIES) {
        const path = this.#path(ruleset, family);
        await rm(path, { force: true });
        this.#written.delete(path);
      }
      await syncFolder(this.#folder);
    });
  }

  #path({ name, scope }: BootRuleset, family: Family): string {
    return join(this.#folder, `${name}.${scope}.${family}`);
  }
}
