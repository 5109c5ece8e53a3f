import { randomUUID } from 'node:crypto';
import type { Steps } from '../../steps.ts';

/** A message with a long list, as far as it is looked at here. */
interface LongMessage {
  list: { entries: unknown[] };
}

/**
 * Parses JSON in UTF-8. Where the entries of a list are cut into pieces, each is parsed by itself, as half a million of them would keep everything else
 * from its turn for a fifth of a second. What comes out is the same, whatever is cut: each piece has to be items by itself, and what is left of the text has
 * to be JSON with a mark in their place, in which the mark is an entry.
 *
 * @param cuts where commas are between items of an array
 * @throws {SyntaxError} if it is not JSON
 * @throws {TypeError} if it is not UTF-8
 */
export function* parseJson(bytes: Uint8Array, cuts: readonly number[]): Steps<unknown> {
  const [first, last] = [cuts[0], cuts.at(-1)];
  if (first === undefined || last === undefined || first === last) return parseWhole(bytes);
  try {
    const mark = randomUUID();
    const [before, after] = [wholeText(bytes.subarray(0, first)), innerText(bytes.subarray(last))];
    const message: unknown = JSON.parse(`${before},"${mark}"${after}`);
    const at = entriesOf(message)?.indexOf(mark) ?? -1;
    if (at === -1) return parseWhole(bytes);
    const { list } = message as LongMessage;
    const entries = list.entries.slice(0, at);
    for (const [index, end] of cuts.slice(1).entries()) {
      yield;
      const text = innerText(bytes.subarray((cuts[index] ?? 0) + 1, end));
      entries.push(...(JSON.parse(`[${text}]`) as unknown[]));
    }
    entries.push(...list.entries.slice(at + 1));
    list.entries = entries;
    return message;
  } catch {
    // What is wrong is told of the text as a whole.
    return parseWhole(bytes);
  }
}

function parseWhole(bytes: Uint8Array): unknown {
  return JSON.parse(wholeText(bytes));
}

/** Without a mark of the byte order at its beginning. */
function wholeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Such a mark is no JSON anywhere else. */
function innerText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function entriesOf(message: unknown): unknown[] | null {
  const entries = (message as Partial<LongMessage> | null)?.list?.entries;
  return Array.isArray(entries) ? entries : null;
}
