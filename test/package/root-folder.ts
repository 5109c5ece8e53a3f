import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** Files that apt, dpkg and systemd keep for themselves, and change with every package. */
const BOOKKEEPING =
  /^\/(proc|tmp|var\/(cache|log\/(apt|dpkg|alternatives)|lib\/(apt|dpkg\/[^/]*-old|dpkg\/triggers))|run\/systemd)(\/|\.log|$)/;

export interface RunOptions {
  /** A network namespace to run in. */
  namespace?: string;
  /** By default nothing but a PATH. */
  environment?: Record<string, string>;
  input?: string;
}

export interface Ended {
  status: number | undefined;
  output: string;
}

/** A whole Debian in a folder; its programs run as if this folder were the root of the machine. */
export class RootFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async copyOf(base: string, path: string): Promise<RootFolder> {
    await execa('cp', ['--archive', '--reflink=auto', base, path]);
    await execa('mount', ['-t', 'proc', 'proc', join(path, 'proc')]);
    return new RootFolder(path);
  }

  async remove(): Promise<void> {
    await execa('umount', [join(this.path, 'proc')]);
    await execa('rm', ['-rf', '--one-file-system', this.path]);
  }

  /** Runs a program. @throws {Error} if it fails */
  async run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, output } = await this.try(command, options);
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`);
    return output;
  }

  async try(command: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const [file, args, env] = this.#call(command, options);
    const { exitCode, all } = await execa(file, args, {
      env,
      extendEnv: false,
      all: true,
      reject: false,
      input: options.input ?? '',
    });
    // The address of the mirror is hidden, as it may contain a password.
    return { status: exitCode, output: all.replaceAll(/https?:\/\/\S+/g, '(address)') };
  }

  /** Starts a program that goes on, with its output in a file. */
  start(command: readonly string[], log: string, options: RunOptions): ChildProcess {
    const [file, args, env] = this.#call(command, options);
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = createWriteStream(log, { flags: 'a' });
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    return child;
  }

  /** All paths in the folder, except those that are not about a package. */
  async paths(): Promise<string[]> {
    const { stdout } = await execa('find', [this.path, '-xdev', '-printf', '/%P\n']);
    return stdout
      .split('\n')
      .filter((path) => !BOOKKEEPING.test(path))
      .toSorted();
  }

  #call(
    command: readonly string[],
    { namespace, environment = {} }: RunOptions,
  ): [string, string[], Record<string, string>] {
    const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`, '--'];
    const [file = '', ...args] = [...enter, 'chroot', this.path, ...command];
    const env = {
      PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      DEBIAN_FRONTEND: 'noninteractive',
      ...environment,
    };
    return [file, args, env];
  }
}
