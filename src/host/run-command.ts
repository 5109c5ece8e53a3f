import { execa } from 'execa';
import type { CommandRequest, CommandResult, RunCommand } from '../job/command.ts';

/** Enough for iptables to find its own parts; nothing of the worker's environment is any of its business. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
const MAX_STDOUT_BYTES = 256 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
const KILL_AFTER_MS = 2000;

/**
 * Runs a program to its end, whatever that is: a result, never a throw. A program that ends before it has read its
 * input is told of by its exit, not by the broken pipe. It is a session of its own, so that a Ctrl-C at the
 * worker's terminal does not end it in the middle.
 */
export const runCommand: RunCommand = async (request) => {
  const stdout = new BoundedText(request.maxStdoutBytes ?? MAX_STDOUT_BYTES);
  const stderr = new BoundedText(MAX_STDERR_BYTES);
  const result = await start(request, stdout, stderr);
  return {
    exitCode: result.exitCode ?? null,
    stdout: stdout.text(),
    stderr: stderr.text(),
    timedOut: result.timedOut,
    truncated: stdout.truncated,
    startError: startErrorOf(result),
  } satisfies CommandResult;
};

async function start(request: CommandRequest, stdout: BoundedText, stderr: BoundedText) {
  const { file, args, input, environment, descriptor, timeoutMs } = request;
  return await execa(file, args, {
    env: { ...ENVIRONMENT, ...environment },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    timeout: timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    stdio: [
      input === undefined ? 'ignore' : [Buffer.from(input)],
      collect(stdout),
      collect(stderr),
      // Any descriptor is passed on, though execa's types only know the first three.
      ...(descriptor === undefined ? [] : [descriptor as 1]),
    ],
  });
}

function collect(text: BoundedText) {
  return {
    // oxlint-disable-next-line require-yield -- nothing is passed on: what is kept is kept in `text`
    *transform(chunk: unknown) {
      text.add(chunk as Uint8Array);
    },
    binary: true,
  } as const;
}

/** The beginning of an output: a program that writes without end is neither ended nor let fill the memory. */
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

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

function startErrorOf(result: {
  exitCode?: number;
  signal?: string;
  timedOut: boolean;
  cause?: unknown;
}): string | null {
  if (result.exitCode !== undefined || result.signal !== undefined || result.timedOut) return null;
  return result.cause instanceof Error ? result.cause.message : 'the program could not be started';
}
