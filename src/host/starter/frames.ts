const NEWLINE = 10;

/** An answer of the starter. */
export interface Frame {
  /** Of the request that it belongs to. */
  id: number;
  kind: string;
  payload: Buffer;
}

/** Reads the answers of the starter from what it prints. What is printed by programs comes in parts, as it comes. */
export class FrameReader {
  readonly #take: (frame: Frame) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(take: (frame: Frame) => void) {
    this.#take = take;
  }

  read(chunk: Buffer): void {
    let data = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = data.indexOf(NEWLINE);
      if (end === -1) break;
      const [id = '', kind = '', size = ''] = data.toString('latin1', 0, end).split(' ');
      const next = end + 1 + Number(size);
      if (data.byteLength < next) break;
      this.#take({ id: Number(id), kind, payload: data.subarray(end + 1, next) });
      data = data.subarray(next);
    }
    this.#rest = data;
  }
}

/** A request of the starter: the words of its head, and what the program reads. */
export function requestFrame(
  id: number,
  head: readonly string[],
  input: Uint8Array | undefined,
): Uint8Array[] {
  const words = Buffer.from(head.map((word) => `${word}\0`).join(''));
  const line = Buffer.from(`${id} ${words.byteLength} ${input?.byteLength ?? -1}\n`);
  return input === undefined ? [line, words] : [line, words, input];
}
