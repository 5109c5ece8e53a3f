import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestNamespace } from './namespace.ts';

/** A web server in a namespace, which is reached by a link of its own: so the rules of the namespace can cut it off. */
export class WebServer {
  static readonly PORT = 8080;
  readonly address: string;
  readonly #link: string;
  readonly #folder: string;
  readonly #server: ChildProcess;

  private constructor(address: string, link: string, folder: string, server: ChildProcess) {
    this.address = address;
    this.#link = link;
    this.#folder = folder;
    this.#server = server;
  }

  /** It has one page, `/metrics`, in the form that Prometheus scrapes. */
  static async start({ name }: TestNamespace): Promise<WebServer> {
    const network = `10.78.${randomInt(256)}.${4 * randomInt(64)}`;
    const at = (host: number) => network.replace(/\d+$/, (last) => String(Number(last) + host));
    const link = `fwt-w${randomInt(2 ** 32).toString(16)}`;
    await execa('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'web0', 'netns', name]);
    await execa('ip', ['address', 'add', `${at(1)}/30`, 'dev', link]);
    await execa('ip', ['link', 'set', link, 'up']);
    await execa('ip', ['-n', name, 'address', 'add', `${at(2)}/30`, 'dev', 'web0']);
    await execa('ip', ['-n', name, 'link', 'set', 'web0', 'up']);
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-web-'));
    await writeFile(join(folder, 'metrics'), 'site_is_there 1\n');
    const server = ['python3', '-u', '-m', 'http.server', '--directory', folder, String(WebServer.PORT)];
    const child = spawn('nsenter', [`--net=/run/netns/${name}`, '--', ...server], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    return new WebServer(`${at(2)}:${WebServer.PORT}`, link, folder, child);
  }

  async stop(): Promise<void> {
    const exit = once(this.#server, 'exit');
    if (this.#server.kill('SIGKILL')) await exit;
    await execa('ip', ['link', 'delete', this.#link]);
    await rm(this.#folder, { recursive: true });
  }
}
