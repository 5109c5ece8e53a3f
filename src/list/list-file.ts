import { createHash, hash } from 'node:crypto';
import { FAMILIES, type Family } from '../contract/words/identifiers.ts';
import { ENTRIES_A_STEP, type Steps } from '../steps.ts';
import { familyOf, hasEnded, type ListContent } from './content.ts';
import { type EntryChange, goneFirst } from './plan-delta.ts';
import { createLine, setName } from './set-lines.ts';

/**
 * A list on disk: lines as ipset has them, but with the time at which an entry ends, in milliseconds since 1970, in place of a timeout.
 * What belongs together ends with a line `commit KIND JSON`; what comes behind the last of these lines was cut short, and counts
 * for nothing. So a change of one entry is a few bytes behind the others, and a script of the shell can load the list at boot.
 */
const COMMIT = 'commit ';
/** How much of a text is looked at without a pause: a few milliseconds. */
const LENGTH_A_PIECE = 256 * 1024;

/** The whole list as one batch, in parts that are to be written one behind the other. */
export function* renderList(
  list: { name: string; maxEntries: number; kind: string | null; entries: Record<Family, number> },
  content: ListContent,
  nowMs: number,
  head: object,
): Steps<string[]> {
  const { name, maxEntries, kind, entries } = list;
  const parts: string[] = [];
  const digest = createHash('sha256');
  let text = FAMILIES.map(
    (family) => `${createLine(setName(name, family), family, maxEntries, entries[family])}\n`,
  ).join('');
  let count = 0;
  for (const [entry, until] of content) {
    if (!hasEnded(until, nowMs)) text += addLine(name, entry, until);
    count += 1;
    if (count % ENTRIES_A_STEP !== 0) continue;
    digest.update(text);
    parts.push(text);
    text = '';
    yield;
  }
  digest.update(text);
  return [...parts, text, commitLine(kind, head, digest.digest('hex'))];
}

/** What goes comes first: at boot, a full list must have room for what comes. */
export function renderChanges(name: string, changes: readonly EntryChange[]): string {
  return goneFirst(changes)
    .map(({ text, after }) =>
      after === undefined ? `del ${setName(name, familyOf(text))} ${text}\n` : addLine(name, text, after),
    )
    .join('');
}

function addLine(name: string, text: string, until: number | null): string {
  return `add ${setName(name, familyOf(text))} ${text}${until === null ? '' : ` ${until}`}\n`;
}

/** Ends a batch. */
export function endBatch(lines: string, kind: string | null, head: object): string {
  return lines + commitLine(kind, head, hash('sha256', lines));
}

/** It proves the lines before it: a disk may have kept a part of what was written. */
function commitLine(kind: string | null, head: object, sha256: string): string {
  return `${COMMIT}${kind ?? '-'} ${JSON.stringify({ ...head, sha256 })}\n`;
}

export interface ReadList {
  /** The JSON of the last commit. */
  head: unknown;
  content: Map<string, number | null>;
  /** How many bytes are committed; the text has one byte a character. */
  length: number;
}

/** Reads what is committed. @returns `null` if that is nothing, or is damaged */
export function* readList(text: string): Steps<ReadList | null> {
  const content = new Map<string, number | null>();
  let read: ReadList | null = null;
  let start = 0;
  for (;;) {
    const commit = text.startsWith(COMMIT, start) ? start : text.indexOf(`\n${COMMIT}`, start) + 1;
    if (commit === 0 && !text.startsWith(COMMIT, start)) return read;
    const end = text.indexOf('\n', commit);
    if (end === -1) return read;
    const lines = text.slice(start, commit);
    const head = headOf(text.slice(commit, end));
    if (head?.sha256 !== (yield* sha256Of(lines))) {
      // The last one may have been cut short. One that others follow was not.
      return text.indexOf(`\n${COMMIT}`, end) === -1 ? read : null;
    }
    yield* readLines(lines, content);
    start = end + 1;
    read = { head, content, length: start };
  }
}

function* sha256Of(text: string): Steps<string> {
  const digest = createHash('sha256');
  for (let first = 0; first < text.length; first += LENGTH_A_PIECE) {
    if (first > 0) yield;
    digest.update(text.slice(first, first + LENGTH_A_PIECE));
  }
  return digest.digest('hex');
}

function headOf(line: string): { sha256?: unknown } | null {
  try {
    return JSON.parse(line.slice(line.indexOf('{'))) as { sha256?: unknown };
  } catch {
    return null;
  }
}

function* readLines(lines: string, content: Map<string, number | null>): Steps<void> {
  let start = 0;
  let count = 0;
  for (let end = lines.indexOf('\n'); end !== -1; end = lines.indexOf('\n', start)) {
    const [word, , text = '', until] = lines.slice(start, end).split(' ');
    if (word === 'add') content.set(text, until === undefined ? null : Number(until));
    else if (word === 'del') content.delete(text);
    start = end + 1;
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
  }
}
