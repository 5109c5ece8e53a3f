import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredList as List, ListRecord, ListStore } from '../../job/ports/lists.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { inTurns } from '../../job/time/in-turns.ts';
import { endBatch, renderChanges, renderList } from '../../list/list-file.ts';
import { applyDelta, type EntryChange } from '../../list/plan-delta.ts';
import {
  ASIDE,
  identityOf,
  namesIn,
  placeDurably,
  readIfThere,
  removeIfThere,
  syncFolder,
  writeAside,
} from './files.ts';
import { readRecord } from './list-record.ts';
import { orUnavailable } from './state-error.ts';
import { STATE_VERSION } from './state-version.ts';

const ENDING = '.list';
/** A file is written anew where its changes have become longer than this and than the list. */
const LEAST_CHANGES_BYTES = 64 * 1024;

interface Known {
  identity: string;
  record: ListRecord;
  /** How much of the file is committed, and how much of that the list was when it was written whole. */
  length: number;
  base: number;
  /** For as long as there is room for it: a long list takes a second to be read. */
  content: WeakRef<Map<string, number | null>>;
}

/** Lists of addresses, `lists/NAME.list` in the state folder, in the form of `list/list-file.ts`. */
export class FileListStore implements ListStore {
  readonly #folder: string;
  readonly #known = new Map<string, Known>();
  /** What was written aside: it need not be read again when it is placed. */
  readonly #prepared = new Map<string, { list: List; length: number }>();

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'lists');
  }

  async names(): Promise<string[]> {
    return await orUnavailable(this.#folder, async () => await listsIn(this.#folder));
  }

  async record(name: string): Promise<ListRecord | null> {
    return await orUnavailable(this.#folder, async () => {
      const known = await this.#look(this.#path(name));
      return known?.record ?? null;
    });
  }

  async read(name: string): Promise<List | null> {
    return await orUnavailable(this.#folder, async () => await this.#read(this.#path(name)));
  }

  async change(before: List, record: ListRecord, changes: readonly EntryChange[]): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const { name, kind, atMs } = record;
      const path = this.#path(name);
      const known = await this.#look(path);
      if (known === null) throw new StateUnavailable(`${path} is gone`);
      const { length, base } = known;
      const content = before.content as Map<string, number | null>;
      if (length - base > Math.max(LEAST_CHANGES_BYTES, base)) {
        const after = new Map(content);
        applyDelta(after, changes);
        await this.#writeAside({ record, content: after }, atMs);
        await this.#place(record);
        return;
      }
      const text = endBatch(renderChanges(name, changes), kind, { version: STATE_VERSION, ...record });
      await this.#append(path, length, text, record);
      applyDelta(content, changes);
      await this.#learn(path, { record, content }, length + text.length, base);
    });
  }

  async prepare(list: List): Promise<void> {
    await orUnavailable(this.#folder, async () => await this.#writeAside(list, list.record.atMs));
  }

  async place(record: ListRecord): Promise<void> {
    await orUnavailable(this.#folder, async () => await this.#place(record));
  }

  async forget(name: string): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await removeIfThere(this.#path(name));
      await syncFolder(this.#folder);
    });
  }

  async discard(name: string): Promise<void> {
    this.#prepared.delete(this.#path(name));
    await orUnavailable(this.#folder, async () => await removeIfThere(this.#path(name) + ASIDE));
  }

  async #writeAside({ record, content }: List, nowMs: number): Promise<void> {
    const head = { version: STATE_VERSION, ...record };
    const parts = record.isRemoved
      ? [endBatch('', record.kind, head)]
      : await inTurns(renderList(record, content, nowMs, head));
    const path = this.#path(record.name);
    await writeAside(path, parts, 'latin1');
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (!record.isRemoved) this.#prepared.set(path, { list: { record, content }, length });
  }

  async #place({ name, committedBy, revision }: ListRecord): Promise<void> {
    const path = this.#path(name);
    const prepared = this.#prepared.get(path);
    this.#prepared.delete(path);
    try {
      await placeDurably(path + ASIDE, path);
      const { record } = prepared?.list ?? {};
      if (prepared !== undefined && record?.committedBy === committedBy && record.revision === revision)
        await this.#learn(path, prepared.list, prepared.length, prepared.length);
    } catch (error) {
      const record = (await this.#look(path).catch(() => null))?.record;
      // What is there counts: only a power cut could still lose it.
      if (record?.committedBy !== committedBy || record.revision !== revision) throw error;
    }
  }

  /** Writes behind what is committed. What was cut short there before is overwritten. */
  async #append(
    path: string,
    length: number,
    text: string,
    { committedBy, revision }: ListRecord,
  ): Promise<void> {
    const file = await open(path, 'r+');
    try {
      if ((await file.stat()).size !== length) await file.truncate(length);
      await file.write(text, length, 'latin1');
      await file.datasync();
    } catch (error) {
      await file.truncate(length).catch(() => {});
      const { record } = await readRecord(path, (await readIfThere(path, 'latin1')) ?? '');
      if (record.committedBy !== committedBy || record.revision !== revision) throw error;
    } finally {
      await file.close();
    }
  }

  async #look(path: string): Promise<Known | null> {
    const known = this.#known.get(path);
    if (known !== undefined && known.identity === (await identityOf(path))) return known;
    await this.#readFile(path);
    return this.#known.get(path) ?? null;
  }

  async #read(path: string): Promise<List | null> {
    const known = this.#known.get(path);
    const content = known?.content.deref();
    if (known !== undefined && content !== undefined && known.identity === (await identityOf(path)))
      return { record: known.record, content };
    return await this.#readFile(path);
  }

  async #readFile(path: string): Promise<List | null> {
    // From before it is read, which takes a while: what changes meanwhile makes it another file.
    const identity = await identityOf(path);
    const text = await readIfThere(path, 'latin1');
    if (text === null) {
      this.#known.delete(path);
      return null;
    }
    const { record, content, length } = await readRecord(path, text);
    const base = text.indexOf('\n', text.indexOf('commit ')) + 1;
    this.#note(path, { record, content }, length, base, identity);
    return { record, content };
  }

  async #learn(path: string, { record, content }: List, length: number, base: number): Promise<void> {
    // Only a memory: what cannot be looked at now is read when it is asked for.
    const identity = await identityOf(path).catch(() => null);
    this.#note(path, { record, content }, length, base, identity);
  }

  #note(
    path: string,
    { record, content }: List,
    length: number,
    base: number,
    identity: string | null,
  ): void {
    if (identity === null) return;
    this.#known.set(path, {
      identity,
      record,
      length,
      base,
      content: new WeakRef(content as Map<string, number | null>),
    });
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${ENDING}`);
  }
}

async function listsIn(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  return names.flatMap((name) => (name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : [])).toSorted();
}
