import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { TestClient } from '../support/client.ts';
import { TestNamespace } from '../support/namespace.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { Uplink } from '../support/uplink.ts';
import type { RootFolder } from './root-folder.ts';

/** A host whose disk is a folder, with what is installed there, a network namespace, and a broker at the end of its cable. */
export class InstalledHost {
  readonly id = 'box-1';
  readonly namespace: TestNamespace;
  /** The URL of the broker, as the host reaches it. */
  readonly brokerUrl: string;
  readonly #root: RootFolder;
  readonly #log: string;
  readonly #broker: Rabbitmq;
  readonly #uplink: Uplink;
  readonly #client: TestClient;
  #worker: ChildProcess | null = null;

  private constructor(
    root: RootFolder,
    broker: Rabbitmq,
    namespace: TestNamespace,
    uplink: Uplink,
    client: TestClient,
  ) {
    this.#root = root;
    this.#log = `${root.path}.log`;
    this.#broker = broker;
    this.namespace = namespace;
    this.#uplink = uplink;
    this.#client = client;
    this.brokerUrl = uplink.url();
  }

  static async create(root: RootFolder): Promise<InstalledHost> {
    const broker = await Rabbitmq.start();
    const namespace = await TestNamespace.create('nft');
    const uplink = await Uplink.create(namespace, broker.url);
    const client = await TestClient.connect(broker.url);
    return new InstalledHost(root, broker, namespace, uplink, client);
  }

  /** Runs a program of the folder in the namespace. */
  async try(command: readonly string[], environment: Record<string, string> = {}) {
    return await this.#root.try(command, { namespace: this.namespace.name, environment });
  }

  /** Starts a worker, and waits until it consumes. @returns its version */
  async startWorker(command: readonly string[], environment: Record<string, string> = {}): Promise<string> {
    const since = this.#client.heard.length;
    const worker = this.#root.start(command, this.#log, { namespace: this.namespace.name, environment });
    this.#worker = worker;
    const ended = once(worker, 'exit').then(async () => {
      throw new Error(`the worker ended: ${(await readFile(this.#log, 'utf8')).slice(-2000)}`);
    });
    const online = this.#client.event(this.id, 'fleetwall.worker.online', since);
    const { event } = await Promise.race([online, ended]);
    ended.catch(() => {});
    return event.data.worker.version;
  }

  /** Waits for an event of this type from the host. @returns the id of its job */
  async hears(type: 'fleetwall.job.awaiting_confirmation' | 'fleetwall.job.completed'): Promise<string> {
    const { event } = await this.#client.event(this.id, type, this.#client.heard.length);
    return 'subject' in event ? event.subject : '';
  }

  /** Stops the worker as `systemctl stop` does. @returns its exit status */
  async stopWorker(): Promise<number | null> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker === null) return null;
    if (worker.exitCode === null && worker.signalCode === null) {
      const exit = once(worker, 'exit');
      worker.kill('SIGTERM');
      await exit;
    }
    return worker.exitCode;
  }

  /** Stops a worker in a process namespace as `docker stop` does: it signals the first process of that namespace. */
  async stopContainer(): Promise<number | null> {
    const pid = this.#worker?.pid ?? 0;
    const first = Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    process.kill(first, 'SIGTERM');
    if (this.#worker?.exitCode === null) await once(this.#worker, 'exit');
    return await this.stopWorker();
  }

  async remove(): Promise<void> {
    await this.stopWorker();
    await this.#client.close();
    await this.#uplink.remove();
    await this.namespace.remove();
    await this.#broker.stop();
  }
}
