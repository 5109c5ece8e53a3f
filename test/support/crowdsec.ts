import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { freePort } from './free-ports.ts';

const START_MS = 60_000;

/** A CrowdSec of Debian, of which only the local API runs, with a folder of its own and without the central API. */
export class LocalCrowdSec {
  readonly url: string;
  readonly key = 'key-of-a-bouncer';
  readonly #folder: string;
  #server: ChildProcess | null = null;

  private constructor(url: string, folder: string) {
    this.url = url;
    this.#folder = folder;
  }

  static async start(): Promise<LocalCrowdSec> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-crowdsec-'));
    const address = `127.0.0.1:${await freePort()}`;
    const crowdsec = new LocalCrowdSec(`http://${address}`, folder);
    for (const name of ['data', 'hub', 'notifications']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'hub/.index.json'), '{}');
    for (const name of ['lapi.yaml', 'console.yaml']) await writeFile(join(folder, name), '');
    await copyFile('/etc/crowdsec/profiles.yaml', join(folder, 'profiles.yaml'));
    const config = {
      common: { daemonize: false, log_media: 'stdout', log_level: 'info', working_dir: folder },
      config_paths: {
        config_dir: folder,
        data_dir: join(folder, 'data'),
        hub_dir: join(folder, 'hub'),
        index_path: join(folder, 'hub/.index.json'),
        notification_dir: join(folder, 'notifications'),
        plugin_dir: '/usr/lib/crowdsec/plugins/',
      },
      db_config: { type: 'sqlite', db_path: join(folder, 'data/crowdsec.db') },
      api: {
        client: { credentials_path: join(folder, 'lapi.yaml') },
        server: {
          listen_uri: address,
          profiles_path: join(folder, 'profiles.yaml'),
          console_path: join(folder, 'console.yaml'),
        },
      },
      prometheus: { enabled: false },
    };
    await writeFile(join(folder, 'config.yaml'), stringify(config));
    const credentials = join(folder, 'lapi.yaml');
    await crowdsec.cscli(
      'machines',
      'add',
      'test',
      '--password',
      'test',
      '-f',
      credentials,
      '-u',
      crowdsec.url,
    );
    await crowdsec.cscli('bouncers', 'add', 'fleetwall', '-k', crowdsec.key);
    await crowdsec.resume();
    return crowdsec;
  }

  /** @returns what it prints */
  async cscli(...words: string[]): Promise<string> {
    return (await execa('cscli', ['-c', join(this.#folder, 'config.yaml'), ...words])).stdout;
  }

  /** Starts its server, and waits until it answers. */
  async resume(): Promise<void> {
    const log = join(this.#folder, 'log');
    const output = openSync(log, 'a');
    const arguments_ = ['-c', join(this.#folder, 'config.yaml'), '-no-cs'];
    this.#server = spawn('crowdsec', arguments_, { stdio: ['ignore', output, output] });
    closeSync(output);
    const deadline = Date.now() + START_MS;
    for (;;) {
      const answer = await fetch(`${this.url}/v1/decisions`, { headers: { 'x-api-key': this.key } }).catch(
        () => null,
      );
      if (answer?.status === 200) return;
      if (Date.now() > deadline) throw new Error(`CrowdSec does not start: ${await readFile(log, 'utf8')}`);
      await sleep(100);
    }
  }

  async pause(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.pause();
    await rm(this.#folder, { recursive: true });
  }
}
