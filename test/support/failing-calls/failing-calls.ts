import { copyFile, mkdtemp, open, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** In the order of the numbers that `preload.c` has for them. */
const KINDS = [
  'open',
  'read',
  'write',
  'fsync',
  'rename',
  'unlink',
  'mkdir',
  'fork',
  'exec',
  'pipe',
] as const;
export type CallKind = (typeof KINDS)[number];

/** What can befall a call of each kind. */
export const CALL_FAULTS: Readonly<Record<CallKind, readonly CallFault[]>> = {
  open: ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'SIGKILL'],
  read: ['EIO', 'SIGKILL'],
  write: ['ENOSPC', 'EIO', 'EDQUOT', 'SIGKILL'],
  fsync: ['ENOSPC', 'EIO', 'EDQUOT', 'SIGKILL'],
  rename: ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'SIGKILL'],
  unlink: ['EIO', 'EROFS', 'SIGKILL'],
  mkdir: ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'SIGKILL'],
  fork: ['EAGAIN', 'ENOMEM', 'SIGKILL'],
  exec: ['EIO', 'ENOMEM', 'EMFILE'],
  pipe: ['EMFILE', 'ENFILE', 'ENOMEM', 'SIGKILL'],
};
type Errno = 'ENOSPC' | 'EIO' | 'EROFS' | 'EDQUOT' | 'EMFILE' | 'ENFILE' | 'ENOMEM' | 'EAGAIN';
export type CallFault = Errno | 'SIGKILL';

const FIELDS = 5;

/** Lets single calls of a worker to the C library fail. */
export class FailingCalls {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async build(): Promise<FailingCalls> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-calls-'));
    const source = join(folder, 'preload.c');
    await copyFile(join(import.meta.dirname, 'preload.c'), source);
    await execa('gcc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'preload.so'), source, '-ldl']);
    const calls = new FailingCalls(folder);
    await calls.#write(0, 0, 0);
    return calls;
  }

  /** For the worker. */
  get environment(): Record<string, string> {
    return { LD_PRELOAD: join(this.#folder, 'preload.so'), FAILING_CALLS: this.#control };
  }

  /** Lets the next `at`-th call of this kind fail; 1 is the first. */
  async failNext(kind: CallKind, fault: CallFault, at: number): Promise<void> {
    const error = fault === 'SIGKILL' ? 0 : constants.errno[fault];
    await this.#write(KINDS.indexOf(kind) + 1, error, at);
  }

  /** Counts the calls of this kind from now on, and lets none fail. */
  async count(kind: CallKind): Promise<void> {
    await this.#write(KINDS.indexOf(kind) + 1, 0, 0);
  }

  /** @returns how many calls of the kind there were, and whether one was made to fail; ends both */
  async end(): Promise<{ seen: number; hasFailed: boolean }> {
    const file = await open(this.#control, 'r');
    const { buffer } = await file.read(Buffer.alloc(FIELDS * 4), 0, FIELDS * 4, 0);
    await file.close();
    await this.#write(0, 0, 0);
    return { seen: buffer.readInt32LE(12), hasFailed: buffer.readInt32LE(16) === 1 };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #control(): string {
    return join(this.#folder, 'control');
  }

  /** Writes in place, as the worker has the file mapped; the kind comes last, as it makes the rest count. */
  async #write(kind: number, error: number, at: number): Promise<void> {
    const file = await open(this.#control, 'r+').catch(async () => await open(this.#control, 'w+'));
    const fields = Buffer.alloc(FIELDS * 4);
    await file.write(fields, 0, 4, 0);
    fields.writeInt32LE(kind, 0);
    fields.writeInt32LE(error, 4);
    fields.writeInt32LE(at, 8);
    await file.write(fields, 4, fields.length - 4, 4);
    await file.write(fields, 0, 4, 0);
    await file.close();
  }
}
