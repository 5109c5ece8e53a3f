import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { RootFolder } from './root-folder.ts';

/** How its systemd is started: by a script of the tests, or by systemd-nspawn, as most others do it. */
export type Booter = 'boot' | 'boot-nspawn';
const BOOT_MS = 90_000;

/** A machine whose disk is a folder: its systemd runs, and its network is a network namespace. */
export class BootedMachine {
  readonly #boot: ChildProcess;
  readonly #init: number;

  private constructor(boot: ChildProcess, init: number) {
    this.#boot = boot;
    this.#init = init;
  }

  static async boot(root: RootFolder, namespace: string, booter: Booter): Promise<BootedMachine> {
    const args = ['--mount', join(import.meta.dirname, booter), root.path, `/run/netns/${namespace}`];
    const boot = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const deadline = Date.now() + BOOT_MS;
    for (;;) {
      const init = await findInit(boot.pid ?? 0);
      if (init !== undefined) {
        const machine = new BootedMachine(boot, init);
        // Only waits until systemd has started everything; each unit is checked by itself later.
        const { output } = await machine.try(['systemctl', 'is-system-running', '--wait']);
        if (/^(running|degraded)$/m.test(output)) return machine;
      }
      if (boot.exitCode !== null || Date.now() > deadline) throw new Error('the machine did not boot');
      await sleep(100);
    }
  }

  /** Runs a program of the machine. @throws {Error} if it fails */
  async run(command: readonly string[]): Promise<string> {
    const { status, output } = await this.try(command);
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`);
    return output;
  }

  async try(command: readonly string[]): Promise<{ status: number | undefined; output: string }> {
    const enter = [`--target=${this.#init}`, '--all', '--root', '--wd', '--', ...command];
    const env = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      DEBIAN_FRONTEND: 'noninteractive',
    };
    const { exitCode, all } = await execa('nsenter', enter, {
      env,
      extendEnv: false,
      all: true,
      reject: false,
    });
    return { status: exitCode, output: all.replaceAll(/https?:\/\/\S+/g, '(address)') };
  }

  async powerOff(): Promise<void> {
    const ended = this.#ended();
    await this.try(['systemctl', 'poweroff']);
    await ended;
  }

  /** Kills the machine if it runs, with all its processes, as a power cut would. */
  async pullPlug(): Promise<void> {
    if (this.#boot.exitCode !== null || this.#boot.signalCode !== null) return;
    const ended = this.#ended();
    process.kill(this.#init, 'SIGKILL');
    await ended;
  }

  async #ended(): Promise<void> {
    if (this.#boot.exitCode === null && this.#boot.signalCode === null) await once(this.#boot, 'exit');
  }
}

/** The pid of the systemd that a process has started, directly or through others. */
async function findInit(pid: number): Promise<number | undefined> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  for (const task of tasks) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const child of children.split(' ').filter(Boolean).map(Number)) {
      if ((await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')) === 'systemd\n') return child;
      const found = await findInit(child);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
