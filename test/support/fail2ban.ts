import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');
const START_MS = 60_000;

/** A fail2ban of Debian with its own configuration, of which only the jail of sshd runs, on a log of the test, and with our action. */
export class LocalFail2ban {
  readonly #folder: string;
  readonly #server: ChildProcess;

  private constructor(folder: string, server: ChildProcess) {
    this.#folder = folder;
    this.#server = server;
  }

  /** @param jail as somebody writes it into `jail.d` */
  static async start(jail: string, environment: Record<string, string>): Promise<LocalFail2ban> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-fail2ban-'));
    const config = join(folder, 'config');
    await cp('/etc/fail2ban', config, { recursive: true });
    await cp(join(ROOT, 'docker/fail2ban/fleetwall.conf'), join(config, 'action.d/fleetwall.conf'));
    await writeFile(join(config, 'jail.d/fleetwall.conf'), jail);
    const log = join(folder, 'auth.log');
    await writeFile(log, '');
    await writeFile(
      join(config, 'jail.local'),
      `[sshd]\nbackend = polling\nlogpath = ${log}\nmaxretry = 2\n`,
    );
    await mkdir(join(folder, 'bin'));
    await symlink(join(ROOT, 'dist/cli/main.js'), join(folder, 'bin/fleetwall'));
    const output = openSync(join(folder, 'output'), 'a');
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
    await writeFile(join(config, 'fail2ban.local'), `[Definition]\ndbfile = ${join(folder, 'database')}\n`);
    const files = ['--logtarget', join(folder, 'log')];
    const server = spawn('fail2ban-server', [...wordsFor(folder), '-f', ...files, 'start'], {
      env: { PATH, ...environment },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const fail2ban = new LocalFail2ban(folder, server);
    const deadline = Date.now() + START_MS;
    while (
      (await execa('fail2ban-client', [...wordsFor(folder), 'status', 'sshd'], { reject: false }))
        .exitCode !== 0
    ) {
      if (Date.now() > deadline) throw new Error(`fail2ban does not start: ${await fail2ban.log()}`);
      await sleep(200);
    }
    return fail2ban;
  }

  async client(...words: string[]): Promise<void> {
    await execa('fail2ban-client', [...wordsFor(this.#folder), ...words]);
  }

  /** Somebody tries to log in. */
  async fail(address: string): Promise<void> {
    const line = `${new Date().toISOString()} server sshd[4711]: Failed password for root from ${address} port 4711 ssh2\n`;
    await appendFile(join(this.#folder, 'auth.log'), line);
  }

  async log(): Promise<string> {
    const files = ['output', 'log'].map((name) => readFile(join(this.#folder, name), 'utf8').catch(() => ''));
    return (await Promise.all(files)).join('');
  }

  async stop(): Promise<void> {
    if (this.#server.exitCode !== null) return;
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGTERM');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true });
  }
}

function wordsFor(folder: string): string[] {
  return ['-c', join(folder, 'config'), '-s', join(folder, 'socket'), '-p', join(folder, 'pid')];
}
