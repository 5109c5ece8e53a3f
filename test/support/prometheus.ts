import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { freePort } from './free-ports.ts';

const SERVER = '/usr/bin/prometheus';
const START_MS = 30_000;

export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

interface Config {
  global: Record<string, string>;
  scrape_configs: { relabel_configs: object[] }[];
}

/** A Prometheus with the configuration of the compose file, but with local targets, which it scrapes every second. */
export class Prometheus {
  readonly url: string;
  readonly #folder: string;
  readonly #server: ChildProcess;

  private constructor(url: string, folder: string, server: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#server = server;
  }

  /** @param addresses the local address of each target of the configuration */
  static async start(files: string, addresses: ReadonlyMap<string, string>): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-prometheus-'));
    const config = parse(await readFile(join(files, 'prometheus.yml'), 'utf8')) as Config;
    config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
    const moves = [...addresses].map(([target, address]) => ({
      source_labels: ['__address__'],
      regex: target,
      target_label: '__address__',
      replacement: address,
    }));
    // After its own relabelling, which names the instance by the target.
    for (const scrape of config.scrape_configs) scrape.relabel_configs.push(...moves);
    await copyFile(join(files, 'alerts.yaml'), join(folder, 'alerts.yaml'));
    return await Prometheus.#run(folder, config);
  }

  /** One that scrapes these addresses each second. */
  static async scraping(targets: readonly string[]): Promise<Prometheus> {
    return await Prometheus.#run(await mkdtemp(join(tmpdir(), 'fleetwall-prometheus-')), {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'fleetwall', static_configs: [{ targets }] }],
    });
  }

  static async #run(folder: string, config: object): Promise<Prometheus> {
    await writeFile(join(folder, 'prometheus.yml'), stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const output = openSync(join(folder, 'output.log'), 'a');
    const args = [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
    ];
    const server = spawn(SERVER, args, { stdio: ['ignore', output, output] });
    closeSync(output);
    const prometheus = new Prometheus(`http://${address}`, folder, server);
    await prometheus.#ready();
    return prometheus;
  }

  async query(expression: string): Promise<Sample[]> {
    const { result } = (await this.#ask(`query?query=${encodeURIComponent(expression)}`)) as {
      result: Sample[];
    };
    return result;
  }

  /** All rules that it evaluates, with the error of each if there is one. */
  async rules(): Promise<{ name: string; health: string; lastError?: string }[]> {
    const { groups } = (await this.#ask('rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    const exit = once(this.#server, 'exit');
    if (this.#server.kill('SIGKILL')) await exit;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ask(what: string): Promise<unknown> {
    const answer = await fetch(`${this.url}/api/v1/${what}`);
    const { status, data, error } = (await answer.json()) as {
      status: string;
      data: unknown;
      error?: string;
    };
    if (status !== 'success') throw new Error(`${what}: ${error}`);
    return data;
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const answer = await fetch(`${this.url}/-/ready`).catch(() => null);
      if (answer?.ok === true) return;
      if (this.#server.exitCode !== null || Date.now() > deadline) {
        throw new Error(
          `Prometheus did not start: ${await readFile(join(this.#folder, 'output.log'), 'utf8')}`,
        );
      }
      await sleep(100);
    }
  }
}
