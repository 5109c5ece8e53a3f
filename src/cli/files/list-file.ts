import * as z from 'zod';
import type { ListEntry } from '../../central/ask/options.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { Timestamp } from '../../contract/words/identifiers.ts';
import { parseNetwork } from '../../list/network.ts';
import { FileError, FileProblem } from './file-error.ts';
import { readInputText } from './read-input.ts';

/** The entries of a list as they stand in a file. */
export interface ListFile {
  entries: ListEntry[];
  kind?: 'deny' | 'allow' | undefined;
  maxEntries?: number | undefined;
}

/** So many wrong lines are told; nobody reads more of them. */
const MOST_PROBLEMS = 20;
const LINE = /^(\S+)(?:\s+until\s+(\S+))?$/;

const Entry = z.union([z.string(), z.strictObject({ entry: z.string(), until: Timestamp.nullish() })]);
const Written = z.object({
  entries: z.array(z.unknown()),
  kind: z.enum(['deny', 'allow']).nullish(),
  maxEntries: z.int().optional(),
  truncated: z.boolean().optional(),
});

/**
 * Reads the entries of a list: one a line, each with ` until TIME` or not, and what follows a `#` left out; or JSON: an array of entries,
 * or the `list` of a job or of a report. `-` is standard input.
 *
 * @throws {FileError} if it cannot be read; its problems begin with the file's name and line
 */
export async function readListFile(path: string): Promise<ListFile> {
  const text = await readInputText(path);
  const isJson = /^\s*[[{]/.test(text);
  const { problems, ...file } = isJson ? readJson(path, text) : readLines(path, text);
  // What was cut short on its way, such as the output of a program that failed, must not empty a list.
  if (!isJson && file.entries.length === 0 && problems.length === 0)
    problems.push(new FileProblem(path, null, 'has no entries: to empty a list, write [] into it'));
  if (problems.length === 0) return file;
  const more = problems.length - MOST_PROBLEMS;
  const told = problems.slice(0, MOST_PROBLEMS);
  if (more > 0) told.push(new FileProblem(path, 1, `${more} more lines cannot be taken`));
  throw new FileError(told);
}

type Read = ListFile & { problems: FileProblem[] };

function readLines(path: string, text: string): Read {
  const read: Read = { entries: [], problems: [] };
  for (const [index, whole] of text.split('\n').entries()) {
    const line = whole.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [, entry = line, until] = LINE.exec(line) ?? [];
    const reason = take(read, entry, until);
    if (reason !== null) read.problems.push(new FileProblem(path, index + 1, reason));
  }
  return read;
}

function readJson(path: string, text: string): Read {
  const { value, problem } = parse(path, text);
  if (problem !== null) return { entries: [], problems: [problem] };
  const written = Written.safeParse(Array.isArray(value) ? { entries: value } : value);
  if (!written.success)
    return { entries: [], problems: [new FileProblem(path, 1, z.prettifyError(written.error))] };
  const { entries, kind, maxEntries, truncated } = written.data;
  const room = maxEntries === undefined ? {} : { maxEntries };
  const read: Read = { entries: [], problems: [], ...(kind == null ? {} : { kind }), ...room };
  if (truncated === true)
    read.problems.push(
      new FileProblem(path, 1, 'is a report that was cut: it has not all entries of the list'),
    );
  let from = 0;
  for (const item of entries) {
    const { data } = Entry.safeParse(item);
    const { entry, until = null } = typeof data === 'string' ? { entry: data } : (data ?? {});
    from = Math.max(from, text.indexOf(JSON.stringify(entry ?? item), from));
    const reason = entry === undefined ? noEntry(item) : take(read, entry, until ?? undefined);
    if (reason !== null) read.problems.push(new FileProblem(path, lineAt(text, from), reason));
  }
  return read;
}

function parse(path: string, text: string): { value: unknown; problem: FileProblem | null } {
  try {
    return { value: JSON.parse(text), problem: null };
  } catch (error) {
    const { message } = error as Error;
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    return { value: null, problem: new FileProblem(path, lineAt(text, at), escapeControl(message)) };
  }
}

function noEntry(item: unknown): string {
  return `${JSON.stringify(item)} is no entry: write "192.0.2.1", or {"entry": "192.0.2.1", "until": "2026-11-22T10:00:00Z"}`;
}

/** @returns why it cannot be taken; `null`: it is */
function take({ entries }: Read, entry: string, until: string | undefined): string | null {
  const network = parseNetwork(entry);
  if (typeof network === 'string') return `${entry} ${network}`;
  const { data, error } = Timestamp.optional().safeParse(until);
  if (error !== undefined) return `${until} ${error.issues[0]?.message ?? 'is no time'}`;
  entries.push(data === undefined ? network.text : { entry: network.text, until: data });
  return null;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
