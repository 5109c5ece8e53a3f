import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from './client.ts';
import { HeldRestore, type Misbehaviour, type RestoreKind } from './held-restore.ts';
import { assertNamesRulesets } from './log-lines.ts';
import { type Backend, TestNamespace } from './namespace.ts';

const LOG_MS = 30_000;
const WORKER = join(import.meta.dirname, '../../dist/cli/main.js');

export interface TestHostOptions {
  brokerUrl: string;
  client: TestClient;
  backend: Backend;
  /** A namespace that exists already. */
  namespace?: TestNamespace;
  /** Another host, whose namespace and lock this one shares. */
  shareWith?: TestHost;
  environment?: Record<string, string>;
  /** The host id, such as that of another host to take its place. */
  id?: string;
  /** Whether the worker leads a process group of its own, as at a terminal. */
  ownGroup?: boolean;
  /** Whether a restore can be stopped: see {@link TestHost.holdNextRestore}. */
  holdable?: boolean;
  /** Shell commands that make mounts for a holdable worker; `$STATE` is its state folder. */
  mounts?: readonly string[];
  /** Whether the worker itself runs in the namespace, and reaches the broker from there. */
  inside?: boolean;
  /** A command that becomes the worker, such as a program that takes rights away. */
  wrapper?: readonly string[];
  /** Whether to wait until the worker consumes; the default. */
  wait?: boolean;
}

/** A host: a network namespace, folders, and a worker in a process of its own. */
export class TestHost {
  readonly id: string;
  readonly namespace: TestNamespace;
  readonly folder: string;
  readonly #options: TestHostOptions;
  readonly #held: HeldRestore;
  #worker: ChildProcess | null = null;

  private constructor(namespace: TestNamespace, folder: string, options: TestHostOptions) {
    this.id = options.id ?? `host-${randomBytes(4).toString('hex')}`;
    this.namespace = namespace;
    this.folder = folder;
    this.#options = options;
    this.#held = new HeldRestore(folder);
  }

  /** Makes a host whose worker does not run yet. */
  static async create(options: TestHostOptions): Promise<TestHost> {
    const namespace =
      options.namespace ?? options.shareWith?.namespace ?? (await TestNamespace.create(options.backend));
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-host-'));
    const host = new TestHost(namespace, folder, options);
    if (options.holdable === true) await host.#held.prepare();
    return host;
  }

  get runDir(): string {
    return this.#options.shareWith?.runDir ?? join(this.folder, 'run');
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  /** The state folder as the worker sees it, with its own mounts. */
  get workersStateDir(): string {
    return `/proc/${this.pid}/root${this.stateDir}`;
  }

  get worker(): ChildProcess {
    if (this.#worker === null) throw new Error('the worker is not running');
    return this.#worker;
  }

  get pid(): number {
    return this.worker.pid ?? 0;
  }

  /** Starts the worker, and waits until it consumes. */
  async start(environment: Record<string, string> = {}): Promise<void> {
    const { client } = this.#options;
    const since = client.heard.length;
    this.spawn(environment);
    const exit = once(this.worker, 'exit').then(async () => {
      throw new Error(`the worker ended: ${(await this.log()).slice(-2000)}`);
    });
    await Promise.race([client.event(this.id, 'fleetwall.worker.online', since), exit]);
    exit.catch(() => {});
  }

  spawn(environment: Record<string, string> = {}): void {
    const { brokerUrl, backend, holdable = false, inside = false, mounts = [], wrapper = [] } = this.#options;
    const enter = inside ? ['nsenter', `--net=/run/netns/${this.namespace.name}`, '--'] : [];
    const prefix = holdable
      ? this.#held.prefix(mounts.map((line) => line.replaceAll('$STATE', this.stateDir)))
      : [];
    const { FLEETWALL_CONFIG_FILE: config, ...rest } = environment;
    const flags = config === undefined ? [] : ['--config', config];
    const [file = '', ...args] = [
      ...enter,
      ...prefix,
      ...wrapper,
      process.execPath,
      WORKER,
      'worker',
      ...flags,
    ];
    const worker = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: this.#options.ownGroup === true,
      env: {
        PATH: process.env['PATH'],
        FLEETWALL_HOST_ID: this.id,
        FLEETWALL_AMQP_URL: brokerUrl,
        FLEETWALL_ALLOW_UNSIGNED: 'true',
        FLEETWALL_BACKEND: backend,
        ...(inside ? {} : { FLEETWALL_NETNS: this.namespace.name }),
        FLEETWALL_STATE_DIR: this.stateDir,
        FLEETWALL_RUN_DIR: this.runDir,
        FLEETWALL_QUEUE_TYPE: 'classic',
        FLEETWALL_LOG_LEVEL: 'debug',
        ...this.#options.environment,
        ...rest,
      },
    });
    const output = createWriteStream(this.logFile, { flags: 'a' });
    worker.stdout?.pipe(output, { end: false });
    worker.stderr?.pipe(output, { end: false });
    this.#worker = worker;
  }

  /** Makes the worker's next restore stop before it changes anything; `skip` restores before it are not stopped. */
  async holdNextRestore(what: RestoreKind = 'live', skip = 0): Promise<void> {
    await this.#held.ask(what, 'hold', skip);
  }

  /** Makes `times` restores of the worker misbehave, after `skip` that do not. */
  async sabotage(mode: Misbehaviour, skip = 0, what: RestoreKind = 'live', times = 1): Promise<void> {
    await this.#held.ask(what, mode, skip, times);
  }

  /** Ends what {@link sabotage} has begun. */
  async endSabotage(what: RestoreKind = 'live'): Promise<void> {
    await this.#held.forgive(what);
  }

  /** Waits until the worker's restore is stopped. @returns the pid of the restore */
  async heldRestore(): Promise<number> {
    return await this.#held.pid();
  }

  get logFile(): string {
    return join(this.folder, 'worker.log');
  }

  async log(): Promise<string> {
    return await this.logOf(this.logFile);
  }

  async logOf(file: string): Promise<string> {
    return await readFile(file, 'utf8').catch(() => '');
  }

  /** Waits until the worker has logged a message that begins with this text. */
  async logged(message: string): Promise<void> {
    const deadline = Date.now() + LOG_MS;
    while (!(await this.log()).includes(`"msg":"${message}`)) {
      if (Date.now() > deadline) throw new Error(`waited in vain for the log message "${message}"`);
      await sleep(20);
    }
  }

  /** Ends the worker. @returns the exit status, or the signal that ended it */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    this.worker.kill(signal);
    return await this.ended();
  }

  /** Waits until the worker has ended by itself. */
  async ended(): Promise<number | string | null> {
    const worker = this.worker;
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
    this.#worker = null;
    return worker.exitCode ?? worker.signalCode;
  }

  /** Ends the worker if it runs, and removes everything that was made for the host. */
  async remove(): Promise<void> {
    if (this.#worker !== null) await this.end();
    const log = await this.log();
    if (this.#options.shareWith === undefined) await this.namespace.remove();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    assertNamesRulesets(log);
  }
}
