/** What came to pass with rows of one kind, in one message. */
export interface RowChange<T> {
  seq: number;
  rows: readonly T[];
  gone?: readonly string[];
}

/**
 * Rows by their key: a snapshot, and what came after it. A change that comes while a snapshot is on its way may be in that snapshot or
 * not: it waits, and then counts if its number is higher. Of what waits the last word on each row is kept, so there is never more of it
 * than there are rows.
 */
export class LiveRows<T> {
  readonly #keyOf: (row: T) => string;
  #rows = new Map<string, T>();
  #list: readonly T[] | null = null;
  #waiting = new Map<string, { seq: number; row: T | null }>();
  /** Of the snapshot that is on its way; answers to older questions are too late. */
  #asked = 0;
  #isLoading = false;
  #seq = -1;
  #hasSnapshot = false;

  constructor(keyOf: (row: T) => string) {
    this.#keyOf = keyOf;
  }

  get hasSnapshot(): boolean {
    return this.#hasSnapshot;
  }

  /** All rows. It is the same array until something changes. */
  get all(): readonly T[] {
    this.#list ??= [...this.#rows.values()];
    return this.#list;
  }

  get(key: string): T | undefined {
    return this.#rows.get(key);
  }

  /** A snapshot is asked for. What was there is shown until it comes. Returns the number by which it is then taken. */
  ask(): number {
    this.#isLoading = true;
    this.#waiting.clear();
    this.#asked += 1;
    return this.#asked;
  }

  /** Takes the snapshot. Returns whether it was the one that was asked for last. */
  take(asked: number, { seq, rows }: RowChange<T>): boolean {
    if (asked !== this.#asked) return false;
    this.#rows = new Map(rows.map((row) => [this.#keyOf(row), row]));
    this.#seq = seq;
    this.#isLoading = false;
    this.#hasSnapshot = true;
    for (const [key, { seq: later, row }] of this.#waiting) {
      if (later <= seq) continue;
      this.#set(key, row);
      this.#seq = Math.max(this.#seq, later);
    }
    this.#waiting.clear();
    this.#list = null;
    return true;
  }

  change({ seq, rows, gone = [] }: RowChange<T>): void {
    if (!this.#isLoading && (!this.#hasSnapshot || seq <= this.#seq)) return;
    for (const row of rows) this.#put(seq, this.#keyOf(row), row);
    for (const key of gone) this.#put(seq, key, null);
    if (!this.#isLoading) this.#seq = seq;
  }

  #put(seq: number, key: string, row: T | null): void {
    if (this.#isLoading) this.#waiting.set(key, { seq, row });
    else this.#set(key, row);
  }

  #set(key: string, row: T | null): void {
    if (row === null) this.#rows.delete(key);
    else this.#rows.set(key, row);
    this.#list = null;
  }
}
