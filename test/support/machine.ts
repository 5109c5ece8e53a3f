import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
/** What a host or an operator writes to outside of their own folders. */
const OWN = ['/etc', '/var/lib'];

/**
 * A machine on which the commands of a page are run as they stand: `/etc` and `/var/lib` are this machine's, and what is written there
 * is nobody else's. `fleetwall` is on its path. It lives as long as a process that waits in its namespaces.
 */
export class Machine {
  /** Where its commands run. */
  readonly folder: string;
  readonly #layers: string;
  readonly #holder: ChildProcess;
  #worker: ChildProcess | null = null;

  private constructor(folder: string, layers: string, holder: ChildProcess) {
    this.folder = folder;
    this.#layers = layers;
    this.#holder = holder;
  }

  static async start(): Promise<Machine> {
    const layers = await mkdtemp(join(tmpdir(), 'fleetwall-machine-'));
    const mounts = OWN.map((path, index) => {
      const own = `${layers}/${index}`;
      return `mkdir -p ${own}/upper ${own}/work && mount -t overlay own -o lowerdir=${path},upperdir=${own}/upper,workdir=${own}/work ${path}`;
    });
    const script = [...mounts, 'echo ready', 'exec cat'].join(' && ');
    // What others mount later, such as a network namespace, is seen here too, but not the other way round.
    const holder = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(() => {
        throw new Error('the mounts of a machine could not be made');
      }),
    ]);
    const folder = join(layers, 'work');
    await mkdir(folder);
    await mkdir(join(layers, 'bin'));
    await symlink(MAIN, join(layers, 'bin/fleetwall'));
    return new Machine(folder, layers, holder);
  }

  get #enter(): string[] {
    return [`--mount=/proc/${this.#holder.pid}/ns/mnt`, '--'];
  }

  get #path(): string {
    return `${join(this.#layers, 'bin')}:${process.env['PATH']}`;
  }

  /** Runs shell commands, and goes on after one that fails. @returns what they print, and the status of the last */
  async run(commands: string, environment: Record<string, string> = {}) {
    const { exitCode, all } = await execa(
      'nsenter',
      [...this.#enter, 'sh', '-c', `cd ${this.folder}; ${commands}`],
      {
        env: { PATH: this.#path, ...environment },
        extendEnv: false,
        reject: false,
        all: true,
      },
    );
    return { status: exitCode, printed: all };
  }

  /** As {@link run}. @throws {Error} if one of the commands fails */
  async do(commands: string, environment: Record<string, string> = {}): Promise<string> {
    const { status, printed } = await this.run(`set -e\n${commands}`, environment);
    if (status !== 0) throw new Error(`status ${status}: ${printed}`);
    return printed;
  }

  /** Starts a worker, with the settings in `/etc/fleetwall/worker.yaml`. */
  startWorker(): void {
    const args = [...this.#enter, process.execPath, MAIN, 'worker'];
    const output = join(this.#layers, 'worker.log');
    const redirected = ['-c', `exec nsenter "$@" >>${output} 2>&1`, 'sh', ...args];
    this.#worker = spawn('sh', redirected, { env: { PATH: this.#path }, stdio: 'ignore' });
  }

  async stopWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker === null || worker.exitCode !== null) return;
    worker.kill();
    await once(worker, 'exit');
  }

  async log(): Promise<string> {
    return await readFile(join(this.#layers, 'worker.log'), 'utf8').catch(() => '');
  }

  async remove(): Promise<void> {
    await this.stopWorker();
    const ended = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await ended;
    await rm(this.#layers, { recursive: true, maxRetries: 5, retryDelay: 200 });
  }
}
