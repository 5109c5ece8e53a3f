import { channel } from 'node:diagnostics_channel';
import { getSystemErrorMap } from 'node:util';
import { execa } from 'execa';
import type { CommandRequest, CommandResult } from '../command.ts';
import { ProgramOutput } from '../program-output.ts';
import { ENVIRONMENT } from '../run-command.ts';
import { ON_ITS_OWN, startProgram } from '../start-program.ts';
import { TimeLimit } from '../time-limit.ts';
import { type Frame, FrameReader, requestFrame } from './frames.ts';
import { STARTER_PROGRAM } from './starter-program.ts';

/** Each program that a starter is asked to start is told there, as Node tells of those that it starts itself. */
const STARTS = channel('fleetwall:program');

/** What became of the lock that a starter was given. */
type Lock = 'had' | 'busy' | 'unknown';

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
  #lastId = 0;
  #isUp = true;
  #onLock: (lock: Lock) => void = () => {};
  #onUnlocked: () => void = () => {};
  readonly #lock = new Promise<Lock>((resolve) => (this.#onLock = resolve));
  readonly #unlocked = new Promise<void>((resolve) => (this.#onUnlocked = resolve));

  private constructor(process: ReturnType<typeof startProcess>) {
    this.#process = process;
    const frames = new FrameReader((frame) => this.#take(frame));
    process.stdout.on('data', (chunk: Buffer) => frames.read(chunk));
    // That it reads no more is told by its end.
    process.stdin.on('error', () => {});
    process.stdout.on('error', () => {});
    void process.then(async () => await this.#noteEnd());
  }

  /**
   * Takes the kernel's lock of an open file, which is that of the file and not of a process: see flock(2).
   *
   * @returns `null` if it is not to be had in time
   * @throws {Error} if no starter can be had
   */
  static async open(perl: string, descriptor: number, seconds: number): Promise<ProgramStarter | null> {
    const starter = new ProgramStarter(startProgram(perl, () => startProcess(perl, descriptor, seconds)));
    const lock = await starter.#lock;
    if (lock === 'unknown') throw new Error(`${perl} has ended, or is not there`);
    return lock === 'had' ? starter : null;
  }

  /** Whether it starts programs, as far as is known here. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** As {@link RunCommand}. */
  async run(request: CommandRequest): Promise<CommandResult> {
    const { file, args, input, encoding = 'utf8', environment, descriptor } = request;
    this.#lastId += 1;
    const id = this.#lastId;
    const set = Object.entries({ ...ENVIRONMENT, ...environment }).map(([name, value]) => `${name}=${value}`);
    const head = [descriptor === undefined ? '0' : '1', String(set.length), ...set, file, ...args];
    STARTS.publish({ file });
    return await new Promise((resolve) => {
      this.#running.set(id, { output: new ProgramOutput(request), limit: null, request, resolve });
      const bytes = input === undefined ? undefined : Buffer.from(input, encoding);
      for (const part of requestFrame(id, head, bytes)) this.#process.stdin.write(part);
    });
  }

  /** Lets go of the lock, as far as it is this starter's. Programs that run have it for as long as they do. */
  async close(): Promise<void> {
    this.#isUp = false;
    this.#process.stdin.end();
    await this.#unlocked;
  }

  #take({ id, kind, payload }: Frame): void {
    if (kind === 'l') this.#onLock('had');
    else if (kind === 'b') this.#onLock('busy');
    else if (kind === 'u') this.#onUnlocked();
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
    resolve(output.resultOf({ exitCode, timedOut: limit?.isOver ?? false, startError }));
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
    this.#onUnlocked();
  }
}

function startProcess(perl: string, descriptor: number, seconds: number) {
  return execa(perl, ['-e', STARTER_PROGRAM, String(Math.ceil(seconds))], {
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
