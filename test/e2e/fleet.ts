import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { HostState } from '../../src/central/log/fleet-state.ts';
import { TestClient } from '../support/client.ts';
import { type Ended, fleetwall } from '../support/command-line.ts';
import { TestHost } from '../support/host.ts';
import { StatusReader } from '../support/metrics.ts';
import type { Backend } from '../support/namespace.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';

const READY_MS = 60_000;

/** What is live of the ruleset, what is committed, and whether both agree, as kernel, metrics and events say. */
export interface Seen {
  kernel: string | null;
  metrics: { revision: number | null; inSync: number | null };
  events: { revision: number | null; inSync: boolean | null };
}

export interface FleetHost {
  host: TestHost;
  pages: StatusReader;
}

/** A fleet: a broker of its own, hosts with a worker each, and an operator with a key. */
export class Fleet {
  readonly hosts: FleetHost[] = [];
  readonly broker: Rabbitmq;
  readonly folder: string;
  /** The script that starts a worker; it is changed to start another version. */
  readonly launcher: string;
  readonly trustedKeys: string;
  key = '';

  private constructor(broker: Rabbitmq, folder: string) {
    this.broker = broker;
    this.folder = folder;
    this.launcher = join(folder, 'launch');
    this.trustedKeys = join(folder, 'trusted-keys.json');
  }

  static async start(count: number): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-day-'));
    const fleet = new Fleet(await Rabbitmq.start(), folder);
    await fleet.trust([await fleet.newKey('first')]);
    await writeFile(fleet.launcher, 'exec "$@"\n');
    try {
      const client = await TestClient.connect(fleet.broker.url);
      for (let index = 0; index < count; index += 1) {
        fleet.hosts.push(await fleet.#add(`host-${index + 1}`, index % 3 === 0 ? 'legacy' : 'nft', client));
      }
      await client.close();
      await Promise.all(fleet.hosts.map(ready));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const { host } of this.hosts) await host.remove();
    await this.broker.stop();
    await rm(this.folder, { recursive: true });
  }

  /** Makes a key, and signs with it from now on. @returns its public half */
  async newKey(kid: string): Promise<object> {
    this.key = this.keyFile(kid);
    const { stdout } = await fleetwall(['keys', 'generate', this.key, '--kid', kid]);
    return (JSON.parse(stdout) as { keys: object[] }).keys[0] ?? {};
  }

  keyFile(kid: string): string {
    return join(this.folder, `${kid}.key`);
  }

  async trust(keys: readonly object[]): Promise<void> {
    await writeFile(this.trustedKeys, JSON.stringify({ keys }), { mode: 0o644 });
  }

  /** Runs a command of the operator. */
  async run(args: readonly string[], input = ''): Promise<Ended> {
    const environment = { FLEETWALL_AMQP_URL: this.broker.url, FLEETWALL_SIGNING_KEY: this.key };
    return await fleetwall(args, { input, environment });
  }

  /** Rolls a ruleset out to all hosts. @returns the exit status, and how many hosts ended with each outcome */
  async rollOut(text: string, ...flags: string[]): Promise<{ status: number | undefined; summary: unknown }> {
    const args = ['rollout', '-', '--name', 'edge', '--all', '--yes', '--json', ...flags];
    const { status, stdout } = await this.run(args, text);
    return { status, summary: (JSON.parse(stdout.split('\n').at(-1) ?? '') as { summary: unknown }).summary };
  }

  /** The state of each host as its events tell it. */
  async states(): Promise<Map<string, HostState>> {
    const { stdout } = await this.run(['status', '--json']);
    const states = stdout.split('\n').map((line) => JSON.parse(line) as HostState);
    return new Map(states.map((state) => [state.hostId, state]));
  }

  /** What kernel, metrics and events say about each host. */
  async seen(hosts: readonly FleetHost[] = this.hosts): Promise<Seen[]> {
    const states = await this.states();
    return await Promise.all(
      hosts.map(async ({ host, pages }) => {
        const kernel = /192\.0\.2\.(\d+)/.exec(await host.namespace.save())?.[1] ?? null;
        const samples = await pages.samples();
        const own = states.get(host.id)?.rulesets.find(({ name }) => name === 'edge');
        return {
          kernel,
          metrics: {
            revision: samples.get('fleetwall_ruleset_revision{ruleset="edge"}') ?? null,
            inSync: samples.get('fleetwall_ruleset_in_sync{ruleset="edge"}') ?? null,
          },
          events: { revision: own?.revision ?? null, inSync: own?.inSync ?? null },
        };
      }),
    );
  }

  /** Waits until all sources agree on every host. */
  async agrees(expected: (index: number) => Seen, hosts = this.hosts): Promise<void> {
    await expect
      .poll(async () => await this.seen(hosts), { timeout: 30_000, interval: 500 })
      .toEqual(hosts.map((_, index) => expected(index)));
  }

  async #add(id: string, backend: Backend, client: TestClient): Promise<FleetHost> {
    const pages = await StatusReader.choose();
    await mkdir(join(this.folder, id));
    const environment = {
      ...pages.environment,
      FLEETWALL_ALLOW_UNSIGNED: 'false',
      FLEETWALL_TRUSTED_KEYS: this.trustedKeys,
      FLEETWALL_DRIFT_INTERVAL_SECONDS: '1',
      FLEETWALL_GROUPS: backend,
    };
    const wrapper = ['/bin/sh', this.launcher];
    const brokerUrl = this.broker.url;
    const host = await TestHost.create({ id, backend, brokerUrl, client, environment, wrapper });
    host.spawn();
    return { host, pages };
  }
}

/** Waits until a worker is ready to do a job. */
export async function ready({ pages }: FleetHost): Promise<void> {
  const isReady = async () => {
    const { status, body } = await pages.json('/readyz');
    if (status !== 200) throw new Error(JSON.stringify(body));
  };
  await vi.waitFor(isReady, { timeout: READY_MS, interval: 100 });
}
