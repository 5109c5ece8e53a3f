import { finish, type Steps } from '../../steps.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** How many bytes are one piece: about a millisecond. */
const PIECE_BYTES = 64 * 1024;
const NO_ARRAY = -1;

/** What is seen of JSON without parsing it. It need not be JSON. */
export interface Scanned {
  isDeeper: boolean;
  /** Where commas are between items of its first long array, so far apart that each part is one piece of work. */
  cuts: number[];
}

/** Scans JSON until it is nested deeper than the limit. For a parser, each level costs far more memory than its one byte: 8 MiB of `[` take 350 MiB. */
export function* scanJson(limit: number, json: Uint8Array): Steps<Scanned> {
  /** Where each array begins that is open; {@link NO_ARRAY} for an object. */
  const open: number[] = [];
  const cuts = new Cuts();
  let isQuoted = false;
  let next = PIECE_BYTES;
  for (let at = 0; at < json.length; at += 1) {
    if (at >= next) {
      next = at + PIECE_BYTES;
      yield;
    }
    const byte = json[at] ?? 0;
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA) cuts.note(at, open.at(-1) ?? NO_ARRAY);
    else if (isClosing(byte)) open.pop();
    else if (isOpening(byte)) {
      if (open.length === limit) return { isDeeper: true, cuts: [] };
      open.push(byte === OPEN_ARRAY ? at : NO_ARRAY);
    }
  }
  return { isDeeper: false, cuts: cuts.places };
}

/** Cuts in one array: the first that is long enough. */
class Cuts {
  readonly places: number[] = [];
  #array = NO_ARRAY;

  /** @param array where the array begins that the comma is in */
  note(comma: number, array: number): void {
    const last = this.places.at(-1);
    if (array === NO_ARRAY || (last !== undefined && array !== this.#array)) return;
    if (comma - (last ?? array) < PIECE_BYTES) return;
    this.places.push(comma);
    this.#array = array;
  }
}

function isOpening(byte: number): boolean {
  return byte === OPEN_ARRAY || byte === OPEN_OBJECT;
}

function isClosing(byte: number): boolean {
  return byte === CLOSE_ARRAY || byte === CLOSE_OBJECT;
}

/** Says whether JSON is nested deeper than the limit, without parsing it. */
export function isDeeperThan(limit: number, json: Uint8Array): boolean {
  return finish(scanJson(limit, json)).isDeeper;
}
