import { StringDecoder } from 'node:string_decoder';
import type { CommandRequest, CommandResult } from './command.ts';

const MAX_STDOUT_BYTES = 256 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;

/** What a program prints, kept or given on as its request wants it. */
export class ProgramOutput {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly #result: (end: ProgramEnd) => CommandResult;

  constructor({ maxStdoutBytes = MAX_STDOUT_BYTES, onLine, encoding }: CommandRequest) {
    const kept = new BoundedText(maxStdoutBytes);
    const lines = onLine === undefined ? null : new Lines(onLine, encoding);
    const stderr = new BoundedText(MAX_STDERR_BYTES);
    this.stdout = lines ?? kept;
    this.stderr = stderr;
    this.#result = (end) => {
      lines?.end();
      const { truncated } = kept;
      return { ...end, stdout: kept.text(encoding), stderr: stderr.text(encoding), truncated };
    };
  }

  /** To be called once, when the program has ended. */
  resultOf(end: ProgramEnd): CommandResult {
    return this.#result(end);
  }
}

type ProgramEnd = Pick<CommandResult, 'exitCode' | 'timedOut' | 'startError'>;

/** Takes what a program prints, as it comes. */
export interface Sink {
  add(chunk: Uint8Array): void;
}

/** Keeps the beginning of an output. A program that writes without end is not ended, but cannot fill the memory. */
class BoundedText {
  readonly #chunks: Uint8Array[] = [];
  #room: number;
  truncated = false;

  constructor(maxBytes: number) {
    this.#room = maxBytes;
  }

  add(chunk: Uint8Array): void {
    const kept = chunk.subarray(0, this.#room);
    this.#room -= kept.byteLength;
    if (kept.byteLength > 0) this.#chunks.push(kept);
    if (kept.byteLength < chunk.byteLength) this.truncated = true;
  }

  text(encoding: BufferEncoding = 'utf8'): string {
    return Buffer.concat(this.#chunks).toString(encoding);
  }
}

/** Gives an output on line by line, as it comes. */
class Lines implements Sink {
  readonly #give: (line: string) => void;
  readonly #decoder: StringDecoder;
  #begun = '';

  constructor(give: (line: string) => void, encoding: BufferEncoding = 'utf8') {
    this.#give = give;
    this.#decoder = new StringDecoder(encoding);
  }

  add(chunk: Uint8Array): void {
    const lines = (this.#begun + this.#decoder.write(Buffer.from(chunk))).split('\n');
    this.#begun = lines.pop() ?? '';
    for (const line of lines) this.#give(line);
  }

  end(): void {
    if (this.#begun !== '') this.#give(this.#begun);
  }
}
