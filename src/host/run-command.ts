import { StringDecoder } from 'node:string_decoder';
import { execa } from 'execa';
import type { CommandRequest, CommandResult, RunCommand } from './command.ts';
import { startProgram } from './start-program.ts';

/** Enough for iptables to find its own parts. Programs get nothing of the worker's own environment. */
export const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
const MAX_STDOUT_BYTES = 256 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
const KILL_AFTER_MS = 2000;

/**
 * Runs a program to its end. Whatever that is, it is a result, and nothing is thrown: of a program that ends before it has read
 * its input, the result has the exit, not the broken pipe. The program gets a session of its own, so that a Ctrl-C at the
 * worker's terminal does not end it in the middle.
 */
export const runCommand: RunCommand = async (request) => {
  const kept = new BoundedText(request.maxStdoutBytes ?? MAX_STDOUT_BYTES);
  const lines = request.onLine === undefined ? null : new Lines(request.onLine, request.encoding);
  const stdout = lines ?? kept;
  const stderr = new BoundedText(MAX_STDERR_BYTES);
  let child: ReturnType<typeof start>;
  try {
    child = startProgram(request.file, () => start(request, stdout, stderr));
  } catch (error) {
    return { ...NOT_STARTED, startError: error as Error };
  }
  const limit = new TimeLimit(child.pid, request.timeoutMs);
  const result = await child;
  limit.clear();
  lines?.end();
  return {
    exitCode: result.exitCode ?? null,
    stdout: kept.text(request.encoding),
    stderr: stderr.text(request.encoding),
    timedOut: limit.isOver,
    truncated: kept.truncated,
    startError: startErrorOf(result),
  } satisfies CommandResult;
};

const NOT_STARTED = { exitCode: null, stdout: '', stderr: '', timedOut: false, truncated: false };

function start(request: CommandRequest, stdout: Sink, stderr: Sink) {
  const { file, args, input, encoding = 'utf8', environment, descriptor } = request;
  return execa(file, args, {
    // The folder that the worker runs in may be gone.
    cwd: '/',
    env: { ...ENVIRONMENT, ...environment },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    stdio: [
      input === undefined ? 'ignore' : [Buffer.from(input, encoding)],
      collect(stdout),
      collect(stderr),
      // Any descriptor is passed on, though execa's types only know the first three.
      ...(descriptor === undefined ? [] : [descriptor as 1]),
    ],
  });
}

/** Ends a program when its time is over, with all programs that it has started: they could still write rules, too. */
class TimeLimit {
  readonly #group: number | undefined;
  #timer: NodeJS.Timeout;
  isOver = false;

  constructor(group: number | undefined, timeoutMs: number) {
    this.#group = group;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#signal('SIGTERM');
      this.#timer = setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS);
    }, timeoutMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#group === undefined) return;
    try {
      process.kill(-this.#group, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

interface Sink {
  add(chunk: Uint8Array): void;
}

function collect(text: Sink) {
  return {
    // oxlint-disable-next-line require-yield -- nothing is passed on: what is kept is kept in `text`
    *transform(chunk: unknown) {
      text.add(chunk as Uint8Array);
    },
    binary: true,
  } as const;
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

function startErrorOf(result: { exitCode?: number; signal?: string; cause?: unknown }): Error | null {
  if (result.exitCode !== undefined || result.signal !== undefined) return null;
  return result.cause instanceof Error ? result.cause : new Error('the program could not be started');
}
