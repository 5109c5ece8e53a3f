import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

interface MachineOptions {
  /** Folders that are its own: they begin as this machine's. By default those that a host or an operator writes to. */
  own?: readonly string[];
  hostname?: string;
}

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
  #netns: string | null = null;

  private constructor(folder: string, layers: string, holder: ChildProcess) {
    this.folder = folder;
    this.#layers = layers;
    this.#holder = holder;
  }

  static async start({
    own = ['/etc', '/var/lib'],
    hostname = 'machine',
  }: MachineOptions = {}): Promise<Machine> {
    const layers = await mkdtemp(join(tmpdir(), 'fleetwall-machine-'));
    const mounts = own.map((path, index) => {
      const layer = `${layers}/${index}`;
      return `mkdir -p ${layer}/upper ${layer}/work && mount -t overlay own -o lowerdir=${path},upperdir=${layer}/upper,workdir=${layer}/work ${path}`;
    });
    const script = [`hostname ${hostname}`, ...mounts, 'echo ready', 'exec cat'].join(' && ');
    // What others mount later, such as a network namespace, is seen here too, but not the other way round.
    const holder = spawn('unshare', ['--mount', '--uts', '--propagation', 'slave', 'sh', '-c', script], {
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
    const of = `/proc/${this.#holder.pid}/ns`;
    return [
      `--mount=${of}/mnt`,
      `--uts=${of}/uts`,
      ...(this.#netns === null ? [] : [`--net=${this.#netns}`]),
      '--',
    ];
  }

  /** What `npm install --global` installs is its own, too, and is what `fleetwall` then is. */
  get #environment(): Record<string, string> {
    const own = join(this.#layers, 'npm');
    const node = dirname(process.execPath);
    return {
      PATH: [join(own, 'bin'), join(this.#layers, 'bin'), node, process.env['PATH']].join(':'),
      HOME: this.#layers,
      npm_config_prefix: own,
    };
  }

  /** Has all that is run from here on run in a network namespace: nothing else is reached from there. */
  unplug({ name }: { name: string }): void {
    this.#netns = `/run/netns/${name}`;
  }

  /** Runs shell commands, and goes on after one that fails. @returns what they print, and the status of the last */
  async run(commands: string, environment: Record<string, string> = {}) {
    const { exitCode, all } = await execa(
      'nsenter',
      [...this.#enter, 'sh', '-c', `cd ${this.folder}; ${commands}`],
      {
        env: { ...this.#environment, ...environment },
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

  /** Types the commands at a terminal, and answers yes to what is asked. @returns what is seen, without what moves the cursor */
  async atTerminal(commands: string, environment: Record<string, string> = {}): Promise<string> {
    await writeFile(join(this.folder, 'typed'), `set -e\n${commands}\n`);
    const typing = "(sleep 2; echo y; sleep 1) | script --quiet --return --command 'sh typed' /dev/null";
    const { printed } = await this.run(typing, environment);
    return stripVTControlCharacters(printed.replaceAll('\r', ''));
  }

  /** Runs commands that go on until they are interrupted, side by side, and interrupts them. @returns what they print */
  async interrupting(
    commands: string,
    seconds: number,
    environment: Record<string, string>,
  ): Promise<string> {
    const each = commands.trim().split('\n');
    const limited = each.map((command) => `timeout --signal INT ${seconds} ${command} &`);
    return (await this.run([...limited, 'wait'].join('\n'), environment)).printed;
  }

  /** Starts a worker; by default with the settings in `/etc/fleetwall/worker.yaml`. */
  startWorker(command = 'fleetwall worker'): void {
    const output = join(this.#layers, 'worker.log');
    const args = [...this.#enter, 'sh', '-c', `cd ${this.folder}; exec ${command}`];
    const redirected = ['-c', `exec nsenter "$@" >>${output} 2>&1`, 'sh', ...args];
    this.#worker = spawn('sh', redirected, { env: this.#environment, stdio: 'ignore' });
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
