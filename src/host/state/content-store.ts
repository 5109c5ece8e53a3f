import { access } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Digest, RulesetName, Scope } from '../../contract/words/identifiers.ts';
import { type ContentStore, type RulesetContent, StateUnavailable } from '../../job/ports/stores.ts';
import { textDigest } from '../../ruleset/digest.ts';
import { namesIn, readIfThere, removeIfThere, writeDurably } from './files.ts';
import { orUnavailable } from './state-error.ts';

const Content = z.tuple([RulesetName, Scope, z.string().nullable(), z.string().nullable()]);

/** The texts of rulesets as they were sent, `contents/SHA256.json` in the state folder: a file's name proves its content. */
export class FileContentStore implements ContentStore {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'contents');
  }

  async keep(digest: Digest, content: string): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const path = this.#path(digest);
      const isThere = await access(path).then(
        () => true,
        () => false,
      );
      if (isThere) return;
      await writeDurably(path, content);
    });
  }

  async read(digest: Digest): Promise<RulesetContent> {
    return await orUnavailable(this.#folder, async () => {
      const path = this.#path(digest);
      const text = await readIfThere(path);
      if (text === null || textDigest(text) !== digest) {
        const what = text === null ? 'is missing' : 'is damaged';
        throw new StateUnavailable(`${path} ${what}: push the ruleset again, as a new revision`);
      }
      const [name, scope, ipv4, ipv6] = Content.parse(JSON.parse(text));
      return { name, scope, ...(ipv4 === null ? {} : { ipv4 }), ...(ipv6 === null ? {} : { ipv6 }) };
    });
  }

  async prune(kept: ReadonlySet<Digest>): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const paths = new Set([...kept].map((digest) => this.#path(digest)));
      for (const name of await namesIn(this.#folder)) {
        const path = join(this.#folder, name);
        if (!paths.has(path)) await removeIfThere(path);
      }
    });
  }

  #path(digest: Digest): string {
    return join(this.#folder, `${digest.replace('sha256:', '')}.json`);
  }
}
