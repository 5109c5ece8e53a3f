import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Diff, Outcome } from '../../contract/events/event.ts';
import { Digest, FAMILIES, Family, Revision, RulesetName, Scope } from '../../contract/words/identifiers.ts';
import {
  type Journal,
  JournalDamaged,
  type PendingChange,
  type SavedTables,
} from '../../job/ports/pending.ts';
import { bytesDigest } from '../../ruleset/digest.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { readIfThere, writeAllDurably, writeDurably } from './files.ts';
import { StoredClaims, StoredRecord } from './ruleset-store.ts';
import { orUnavailable } from './state-error.ts';
import { STATE_VERSION } from './state-version.ts';
import {
  readStoredChange,
  removeStoredChange,
  StoredJob,
  StoredOrigin,
  StoredWindow,
} from './stored-change.ts';

const StoredChange = z.object({
  version: z.literal(STATE_VERSION),
  snapshot: z.object({ ipv4: Digest, ipv6: Digest }),
  change: z.object({
    job: StoredJob,
    origin: StoredOrigin,
    ruleset: z.object({ name: RulesetName, revision: Revision, digest: Digest.nullable(), scope: Scope }),
    outcome: Outcome,
    diff: Diff,
    place: z.string(),
    claims: StoredClaims,
    tables: z.array(z.object({ family: Family, table: z.string() })),
    window: StoredWindow.extend({ after: StoredRecord.nullable() }).nullable(),
    /** The first workers did not write it: when they gave up an undo, they closed the journal as well. */
    owed: z.object({ since: z.string() }).nullable().default(null),
    ending: z.object({ until: z.string(), backTo: Revision.nullable() }).nullable().default(null),
  }),
});

/**
 * The change that is under way, in `journal/` of the state folder: `change.json` is there from before the first rule is
 * written until the job's end is known, and `snapshot.FAMILY` beside it has the tables as they were.
 */
export class FileJournal implements Journal {
  readonly #folder: string;
  #snapshot = { ipv4: '', ipv6: '' };

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'journal');
  }

  async open(change: PendingChange, before: SavedTables): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      this.#snapshot = perFamily((family) => bytesDigest(before[family]));
      const snapshots = FAMILIES.map((family) => ({
        path: this.#snapshotPath(family),
        text: before[family],
        encoding: 'latin1' as const,
      }));
      // The change comes last: once it is there, so is what undoes it.
      await writeAllDurably([...snapshots, { path: this.#path, text: this.#textOf(change) }]);
    });
  }

  async update(change: PendingChange): Promise<void> {
    await orUnavailable(this.#folder, () => this.#write(change));
  }

  async read(): Promise<PendingChange | null> {
    const stored = await this.#read();
    if (stored !== null) this.#snapshot = stored.snapshot;
    return stored?.change ?? null;
  }

  async peek(): Promise<PendingChange | null> {
    return (await this.#read())?.change ?? null;
  }

  async #read(): Promise<Pick<z.infer<typeof StoredChange>, 'snapshot' | 'change'> | null> {
    return await readStoredChange(
      this.#path,
      StoredChange,
      () =>
        new JournalDamaged(
          `a change was cut short, and ${this.#path}, which says how to undo it, is damaged: look at the host's rules, and push its rulesets again`,
        ),
    );
  }

  async readSnapshot(): Promise<SavedTables> {
    return await orUnavailable(this.#folder, async () => {
      const [ipv4, ipv6] = await Promise.all(
        FAMILIES.map(async (family) => {
          const path = this.#snapshotPath(family);
          const text = await readIfThere(path, 'latin1');
          if (text === null || bytesDigest(text) !== this.#snapshot[family]) {
            throw new JournalDamaged(`${path}, which has the rules as they were, is missing or damaged`);
          }
          return text;
        }),
      );
      return { ipv4: ipv4 ?? '', ipv6: ipv6 ?? '' };
    });
  }

  async putAside(): Promise<void> {
    await orUnavailable(this.#folder, async () => await rename(this.#path, `${this.#path}.damaged`));
  }

  async close(): Promise<void> {
    await removeStoredChange(this.#path);
  }

  async #write(change: PendingChange): Promise<void> {
    await writeDurably(this.#path, this.#textOf(change));
  }

  #textOf(change: PendingChange): string {
    const stored = { version: STATE_VERSION, snapshot: this.#snapshot, change } satisfies z.infer<
      typeof StoredChange
    >;
    return JSON.stringify(stored);
  }

  get #path(): string {
    return join(this.#folder, 'change.json');
  }

  #snapshotPath(family: Family): string {
    return join(this.#folder, `snapshot.${family}`);
  }
}
