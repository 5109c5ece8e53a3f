import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

/** An alert that fires, or is about to. */
export interface Alert {
  state: 'pending' | 'firing';
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface Config {
  global: Record<string, string>;
  scrape_configs: { job_name: string; relabel_configs: object[]; static_configs: object[] }[];
  rule_files?: string[];
}

/** A Prometheus with the configuration of the compose file, but with local targets, which it scrapes every second. */
export class Prometheus {
  readonly url: string;
  readonly #folder: string;
  readonly #server: ChildProcess;
  readonly #config: Config;

  private constructor(url: string, folder: string, server: ChildProcess, config: Config) {
    this.url = url;
    this.#folder = folder;
    this.#server = server;
    this.#config = config;
  }

  /**
   * @param addresses the local address of each target of the configuration
   * @param adapt makes other rules of those of the project
   */
  static async start(
    files: string,
    addresses: ReadonlyMap<string, string>,
    adapt: ((rules: string) => string) | null = null,
  ): Promise<Prometheus> {
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
    const rules = await readFile(join(files, 'alerts.yaml'), 'utf8');
    await writeFile(join(folder, 'alerts.yaml'), adapt?.(rules) ?? rules);
    // Else a series of a target that is gone may be taken for live for five minutes.
    const quick = adapt === null ? [] : ['--query.lookback-delta=10s'];
    return await Prometheus.#run(folder, config, quick);
  }

  /** One that scrapes these addresses each second. */
  static async scraping(targets: readonly string[]): Promise<Prometheus> {
    return await Prometheus.#run(await mkdtemp(join(tmpdir(), 'fleetwall-prometheus-')), {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'fleetwall', relabel_configs: [], static_configs: [{ targets }] }],
    });
  }

  static async #run(folder: string, config: Config, more: readonly string[] = []): Promise<Prometheus> {
    await writeFile(join(folder, 'prometheus.yml'), stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const output = openSync(join(folder, 'output.log'), 'a');
    const args = [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
      ...more,
    ];
    const server = spawn(SERVER, args, { stdio: ['ignore', output, output] });
    closeSync(output);
    const prometheus = new Prometheus(`http://${address}`, folder, server, config);
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

  async alerts(): Promise<Alert[]> {
    const { alerts } = (await this.#ask('alerts')) as { alerts: Alert[] };
    return alerts;
  }

  /** Has it scrape under another name from now on. */
  async renameJob(name: string): Promise<void> {
    const renamed = this.#config.scrape_configs.map((scrape) => ({ ...scrape, job_name: name }));
    const config = stringify({ ...this.#config, scrape_configs: renamed });
    await writeFile(join(this.#folder, 'prometheus.yml'), config);
    this.#server.kill('SIGHUP');
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
