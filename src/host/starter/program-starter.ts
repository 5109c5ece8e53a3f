import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { execa } from 'execa';
import { type CommandRequest, type CommandResult, inputBytes } from '../command.ts';
import { ProgramOutput } from '../program-output.ts';
import { ENVIRONMENT } from '../run-command.ts';
import { ON_ITS_OWN, startProgram } from '../start-program.ts';
import { TimeLimit } from '../time-limit.ts';
import { type Frame, FrameReader, requestFrame } from './frames.ts';
import { STARTER_PROGRAM } from './starter-program.ts';

/** Each program that a starter is asked to start is told there, as Node tells of those that it starts itself. */
const STARTS = channel('fleetwall:program');

/** What became of the lock that a starter was asked for. `unknown`: it has ended. */
type Lock = 'had' | 'busy' | 'unknown';

/** In requests and answers about the lock, in place of a program's number. */
const LOCK_ID = 0;

interface Running {
  output: ProgramOutput;
  limit: TimeLimit | null;
  request: CommandRequest;
  resolve: (result: CommandResult) => void;
}

/**
 * A small process that holds a lock together with this one, and starts the programs that need it: to start them from a large process takes
 * many times as long, and stops it meanwhile. It ends with its standard input, and so at the latest with the worker, however that ends; programs
 * that run go on, and hold the lock, as those that the worker has started itself.
 */
export class ProgramStarter {
  readonly #process: ReturnType<typeof startProcess>;
  readonly #running = new Map<number, Running>();
  #lastId = LOCK_ID;
  #isUp = true;
  /** Whether each of its programs has ended by itself, and so has left nothing behind that has the lock. */
  #isClean = true;
  #onLock: (lock: Lock) => void = () => {};
  #onLeft: () => void = () => {};

  /**
   * @param descriptor of the open file with the lock: the kernel's lock is that of an open file, and not of a process (flock(2))
   * @throws {Error} if no more files may be opened
   */
  constructor(perl: string, descriptor: number) {
    this.#process = startProgram(perl, () => startProcess(perl, descriptor));
    const { stdin, stdout } = this.#process;
    const frames = new FrameReader((frame) => this.#take(frame));
    stdout.on('data', (chunk: Buffer) => frames.read(chunk));
    // That it reads no more is told by its end.
    stdin.on('error', () => {});
    stdout.on('error', () => {});
    void this.#process.then(async () => await this.#noteEnd());
  }

  /** Takes the lock. A busy one is waited for, in whole seconds. */
  async take(seconds: number): Promise<Lock> {
    return await new Promise((resolve) => {
      if (!this.#isUp) return resolve('unknown');
      this.#onLock = resolve;
      this.#ask(LOCK_ID, [String(Math.ceil(seconds))]);
    });
  }

  /**
   * Lets go of the lock, which it can take again.
   *
   * @returns `false`: the lock is still held, as something that it has started may be under way
   */
  async leave(): Promise<boolean> {
    if (!this.#isUp || !this.#isClean || this.#running.size > 0) return false;
    await new Promise<void>((resolve) => {
      this.#onLeft = resolve;
      this.#ask(LOCK_ID, []);
    });
    return this.#isUp;
  }

  /** Whether it starts programs, as far as is known here. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** As {@link RunCommand}. */
  async run(request: CommandRequest): Promise<CommandResult> {
    const { file, args, environment, descriptor } = request;
    this.#lastId += 1;
    const id = this.#lastId;
    const set = Object.entries({ ...ENVIRONMENT, ...environment }).map(([name, value]) => `${name}=${value}`);
    const head = [descriptor === undefined ? '0' : '1', String(set.length), ...set, file, ...args];
    STARTS.publish({ file });
    return await new Promise((resolve) => {
      this.#running.set(id, { output: new ProgramOutput(request), limit: null, request, resolve });
      this.#ask(id, head, inputBytes(request));
    });
  }

  /** Ends it, and with it its part in the lock. Programs that run have that for as long as they do. */
  async close(): Promise<void> {
    if (!this.#isUp) return;
    await new Promise<void>((resolve) => {
      this.#onLeft = resolve;
      this.#isUp = false;
      this.#process.stdin.end();
    });
  }

  /** Whether this process goes on because of it. */
  keepAlive(isWanted: boolean): void {
    const { stdin, stdout } = this.#process;
    for (const handle of [this.#process, stdin as Socket, stdout as Socket])
      if (isWanted) handle.ref();
      else handle.unref();
  }

  #ask(id: number, head: readonly string[], input?: Uint8Array): void {
    for (const part of requestFrame(id, head, input)) this.#process.stdin.write(part);
  }

  #take({ id, kind, payload }: Frame): void {
    if (kind === 'l') this.#onLock('had');
    else if (kind === 'b') this.#onLock('busy');
    else if (kind === 'u') this.#onLeft();
    const running = this.#running.get(id);
    if (running === undefined) return;
    const { output, request } = running;
    if (kind === 'p') running.limit = new TimeLimit(Number(payload.toString()), request.timeoutMs);
    else if (kind === 'o') output.stdout.add(payload);
    else if (kind === 'e') output.stderr.add(payload);
    else if (kind === 'f')
      this.#end(id, running, null, systemError(request.file, Number(payload.toString())));
    else if (kind === 'x') this.#end(id, running, exitCodeOf(Number(payload.toString())), null);
  }

  #end(
    id: number,
    { output, limit, resolve }: Running,
    exitCode: number | null,
    startError: Error | null,
  ): void {
    this.#running.delete(id);
    limit?.clear();
    const timedOut = limit?.isOver ?? false;
    this.#isClean &&= !timedOut && (exitCode !== null || startError !== null);
    resolve(output.resultOf({ exitCode, timedOut, startError }));
  }

  /** What it has started is ended with it: nobody would know what becomes of it. */
  async #noteEnd(): Promise<void> {
    this.#isUp = false;
    this.#onLock('unknown');
    await Promise.all(
      [...this.#running].map(async ([id, running]) => {
        await running.limit?.kill();
        this.#end(id, running, null, null);
      }),
    );
    this.#onLeft();
  }
}

function startProcess(perl: string, descriptor: number) {
  return execa(perl, ['-e', STARTER_PROGRAM], {
    ...ON_ITS_OWN,
    env: ENVIRONMENT,
    // Any descriptor is passed on, though execa's types only know the first three.
    stdio: ['pipe', 'pipe', 'ignore', descriptor as 1],
  });
}

/** The code of a program that ended by itself, of the status of wait(2); `null`: it was ended by a signal. */
function exitCodeOf(status: number): number | null {
  return (status & 0x7f) === 0 ? status >> 8 : null;
}

/** As Node tells it of a program that it cannot start itself. */
function systemError(file: string, errno: number): NodeJS.ErrnoException {
  const [code = `errno ${errno}`] = getSystemErrorMap().get(-errno) ?? [];
  const syscall = `spawn ${file}`;
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -errno, syscall, path: file });
}
