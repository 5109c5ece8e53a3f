import { join } from 'node:path';
import * as z from 'zod';
import { Digest, Family, Revision, RulesetName, Scope, Timestamp } from '../../contract/words/identifiers.ts';
import { type RulesetRecord, type RulesetStore, StateUnavailable } from '../../job/ports/stores.ts';
import {
  ASIDE,
  identityOf,
  jsonFilesIn,
  parseJson,
  placeDurably,
  readIfThere,
  removeIfThere,
  writeAside,
  writeDurably,
} from './files.ts';
import { orUnavailable } from './state-error.ts';
import { assertNotNewer, STATE_VERSION } from './state-version.ts';

const ChainRef = z.object({ family: Family, table: z.string(), chain: z.string() });

export const StoredClaims = z.object({
  tables: z.array(ChainRef.omit({ chain: true })),
  chains: z.array(ChainRef),
  hooks: z.array(ChainRef.extend({ target: z.string(), first: z.boolean(), text: z.string().optional() })),
});

const StoredBack = z.object({ revision: Revision, digest: Digest, earlier: z.array(Digest) });

export const StoredRecord = z.object({
  name: RulesetName,
  scope: Scope,
  committed: z.object({ revision: Revision, digest: Digest }).nullable(),
  /** The first workers did not write it. */
  committedBy: z.string().nullable().default(null),
  live: z
    .object({
      saved: z.object({ ipv4: Digest, ipv6: Digest }),
      spelledBy: z.string(),
    })
    .nullable(),
  earlier: z.array(Digest),
  /** Records of earlier workers have nothing of what follows. */
  end: z.object({ until: Timestamp, back: StoredBack.nullable() }).nullable().default(null),
  contentRevision: Revision.nullable().default(null),
  hasEnded: z.boolean().default(false),
  claims: StoredClaims,
  appended: z
    .array(z.object({ family: Family, table: z.string(), text: z.string(), order: z.int() }))
    .default([]),
});

const StoredRuleset = StoredRecord.extend({ version: z.literal(STATE_VERSION) });

/** What is committed on the host: one JSON file for each ruleset, `rulesets/NAME.json` in the state folder. */
export class FileRulesetStore implements RulesetStore {
  readonly #folder: string;
  /** The record that was read from each file. While it is the same file, it is not read again; each write makes a new one. */
  readonly #read = new Map<string, { identity: string; record: RulesetRecord }>();
  /** What was written aside by this process, and by nobody else as long as it is the same file. */
  readonly #prepared = new Map<string, { identity: string | null; text: string }>();

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'rulesets');
  }

  async list(): Promise<RulesetRecord[]> {
    return await orUnavailable(this.#folder, async () => {
      const files = await jsonFilesIn(this.#folder);
      const paths = files.map((file) => join(this.#folder, file));
      return await Promise.all(paths.map(async (path) => await this.#readOnce(path, await identityOf(path))));
    });
  }

  async find(name: RulesetName): Promise<RulesetRecord | undefined> {
    return await orUnavailable(this.#folder, async () => {
      const path = this.#path(name);
      const identity = await identityOf(path);
      return identity === null ? undefined : await this.#readOnce(path, identity);
    });
  }

  async #readOnce(path: string, identity: string | null): Promise<RulesetRecord> {
    const known = this.#read.get(path);
    if (known !== undefined && known.identity === identity) return known.record;
    const record = await readRecord(path);
    if (identity !== null) this.#read.set(path, { identity, record });
    return record;
  }

  async prepare(record: RulesetRecord): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const path = this.#path(record.name);
      const text = textOf(record);
      const identity = await identityOf(await writeAside(path, text));
      this.#prepared.set(path, { identity, text });
    });
  }

  async put(record: RulesetRecord): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const path = this.#path(record.name);
      const text = textOf(record);
      if (await this.#isPrepared(path, text)) await placeDurably(path + ASIDE, path);
      else await writeDurably(path, text);
      this.#prepared.delete(path);
    });
  }

  async discard(name: RulesetName): Promise<void> {
    const path = this.#path(name);
    this.#prepared.delete(path);
    await orUnavailable(this.#folder, async () => await removeIfThere(path + ASIDE));
  }

  async #isPrepared(path: string, text: string): Promise<boolean> {
    const prepared = this.#prepared.get(path);
    return prepared?.text === text && prepared.identity === (await identityOf(path + ASIDE));
  }

  #path(name: RulesetName): string {
    return join(this.#folder, `${name}.json`);
  }
}

function textOf(record: RulesetRecord): string {
  return JSON.stringify({ version: STATE_VERSION, ...record } satisfies z.infer<typeof StoredRuleset>);
}

async function readRecord(path: string): Promise<RulesetRecord> {
  const values = parseJson((await readIfThere(path)) ?? '');
  assertNotNewer(path, values);
  const stored = StoredRuleset.safeParse(values);
  if (!stored.success) {
    throw new StateUnavailable(
      `${path} is damaged, or no state file of fleetwall: restore it, or move it away and push the ruleset with its chains in "adopt"`,
    );
  }
  const { version: _, ...record } = stored.data;
  return record;
}
