import { ENTRIES_A_STEP, type Steps } from '../steps.ts';
import { laterOf } from './content.ts';
import { parseNetwork } from './network.ts';

/** An entry as it is sent: alone, or with the time at which it ends (RFC 3339). */
export type SentEntry = string | { entry: string; until?: string | undefined };

/** An entry that cannot be taken. `place` is such as `entries[3]`. */
interface EntryProblem {
  place: string;
  text: string;
  reason: string;
}

/** The most problems that are told. The others are counted. */
const MOST_PROBLEMS = 20;

export interface ReadEntries {
  entries: Map<string, number | null>;
  problems: EntryProblem[];
  /** Of all problems. */
  problemCount: number;
}

/** Reads the entries of a job. Twice the same is once, with the later end. */
export function* readEntries(sent: readonly SentEntry[], field: string): Steps<ReadEntries> {
  const read: ReadEntries = { entries: new Map(), problems: [], problemCount: 0 };
  let index = -1;
  for (const item of sent) {
    index += 1;
    if (index % ENTRIES_A_STEP === 0) yield;
    const isAlone = typeof item === 'string';
    const entry = isAlone ? item : item.entry;
    const until = isAlone ? undefined : item.until;
    const network = parseNetwork(entry);
    if (typeof network === 'string') {
      noteProblem(read, { place: `${field}[${index}]`, text: entry, reason: network });
      continue;
    }
    const { text } = network;
    const end = until === undefined ? null : Date.parse(until);
    const before = read.entries.get(text);
    read.entries.set(text, before === undefined ? end : laterOf(before, end));
  }
  return read;
}

/** Finds entries that a job both adds and removes. */
export function findBoth(add: ReadEntries, removed: ReadEntries): ReadEntries {
  const read: ReadEntries = { entries: new Map(), problems: [], problemCount: 0 };
  for (const text of removed.entries.keys()) {
    if (add.entries.has(text)) noteProblem(read, { place: 'remove', text, reason: 'is in "add", too' });
  }
  return read;
}

function noteProblem(read: ReadEntries, problem: EntryProblem): void {
  read.problemCount += 1;
  if (read.problems.length < MOST_PROBLEMS) read.problems.push(problem);
}
