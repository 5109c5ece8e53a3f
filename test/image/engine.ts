import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const BOOT = join(import.meta.dirname, 'boot-engine');
const START_MS = 60_000;
/** Where the engine has its groups of processes below those of this machine. */
const GROUP = `fleetwall-image-${process.pid}`;

export interface Ended {
  status: number | undefined;
  /** Standard output and standard error. */
  output: string;
}

export interface EngineOptions {
  /** A folder with `engine`, the root of the engine's programs, `docker`, its data, and `sources`, a copy of this repository. */
  folder: string;
  /** Its network namespace. Without one it has this machine's, no bridge, and no rules: to build, which needs the registry. */
  namespace?: string;
  /** The name of the folder with its data, if it is not to have those of the others. */
  data?: string;
  /** Further flags of `dockerd`. */
  flags?: readonly string[];
}

/** A Docker Engine in namespaces of its own. The copy of this repository is at `/src` there. */
export class Engine {
  readonly folder: string;
  readonly #boot: ChildProcess;
  readonly #init: number;

  private constructor(folder: string, boot: ChildProcess, init: number) {
    this.folder = folder;
    this.#boot = boot;
    this.#init = init;
  }

  static async start({
    folder,
    namespace,
    data = 'docker',
    flags: more = [],
  }: EngineOptions): Promise<Engine> {
    const network = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`];
    const noRules = namespace === undefined ? ['--bridge=none', '--iptables=false', '--ip6tables=false'] : [];
    const isolated = ['unshare', '--mount', '--propagation=private', '--pid', '--fork', '--kill-child'];
    const paths = [join(folder, 'engine'), join(folder, data), join(folder, 'sources')];
    const flags = ['--storage-driver=overlay2', `--cgroup-parent=/${GROUP}`, ...noRules, ...more];
    const [file = '', ...args] = [...network, ...isolated, BOOT, ...paths, ...flags];
    const boot = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    for (const deadline = Date.now() + START_MS; ; await sleep(200)) {
      const init = await firstChild(boot.pid ?? 0);
      const engine = new Engine(folder, boot, init);
      if (init > 0 && (await engine.try(['docker', 'version'])).status === 0) return engine;
      if (boot.exitCode !== null || Date.now() > deadline) {
        boot.kill('SIGKILL');
        throw new Error(`the engine did not start: see ${join(folder, data, 'dockerd.log')}`);
      }
    }
  }

  /** Runs a program where the engine is. @throws {Error} if it fails */
  async run(command: readonly string[], input = ''): Promise<string> {
    const { status, output } = await this.try(command, input);
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`);
    return output;
  }

  async try(command: readonly string[], input = ''): Promise<Ended> {
    const [file, args, env] = this.enter(command);
    const options = { env, extendEnv: false, all: true, reject: false, input } as const;
    const { exitCode, all } = await execa(file, args, options);
    return { status: exitCode, output: all.replaceAll(/https?:\/\/(?!127\.)[^\s"']+/g, '(address)') };
  }

  /** Runs commands as a page has them, in a folder of this repository. @throws {Error} if one fails */
  async shell(folder: string, commands: string): Promise<string> {
    return await this.run(['env', `--chdir=/src/${folder}`, 'bash', '-euo', 'pipefail', '-c', commands]);
  }

  async docker(...args: readonly string[]): Promise<string> {
    return await this.run(['docker', ...args]);
  }

  /** The command line that runs a program where the engine is, and its environment. */
  enter(command: readonly string[]): [string, string[], Record<string, string>] {
    const args = [`--target=${this.#init}`, '--mount', '--net', '--pid', '--root', '--wd', '--', ...command];
    const env = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      COMPOSE_PROJECT_NAME: 'fleetwall',
      COMPOSE_ANSI: 'never',
    };
    return ['nsenter', args, env];
  }

  /** Ends all containers, and takes their volumes and networks away. Images stay. */
  async clear(): Promise<void> {
    const commands =
      'docker ps -aq | xargs -r docker rm -f -v && docker volume prune -af && docker network prune -f';
    await this.try(['sh', '-c', commands]);
  }

  async stop(): Promise<void> {
    await this.clear();
    const ended = once(this.#boot, 'exit');
    const { status } = await this.try(['sh', '-c', 'kill $(cat /run/docker.pid)']);
    if (status !== 0) this.#boot.kill('SIGKILL');
    await ended;
    await removeGroups();
  }
}

/** What `unshare` has started: the first process of the namespace. 0 if there is none. */
async function firstChild(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return Number(children.split(' ')[0] ?? 0);
}

async function removeGroups(): Promise<void> {
  const root = '/sys/fs/cgroup';
  for (const controller of ['.', ...(await readdir(root))]) {
    await removeGroup(join(root, controller, GROUP));
  }
}

async function removeGroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await rmdir(path).catch(() => {});
}
