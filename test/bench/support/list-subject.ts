import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { EVENTS_EXCHANGE, hostKey, JOBS_EXCHANGE } from '../../../src/contract/words/names.ts';
import { TestClient } from '../../support/client.ts';
import { TestHost } from '../../support/host.ts';
import { type Backend, TestNamespace } from '../../support/namespace.ts';

const METER = join(import.meta.dirname, 'stall-meter.mjs');
const METER_MS = 300;

interface End {
  outcome: string;
  failure: { message: string } | null;
}

/** A worker on a namespace of its own that takes jobs of lists, and is measured from outside. */
export class ListSubject {
  readonly host: TestHost;
  /** A namespace with a link to the host's, where there are 10.77.0.2 and 10.77.0.3, and which may send from any address. */
  readonly peer: TestNamespace;
  readonly #client: TestClient;
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #ends = new Map<string, (end: End) => void>();
  /** How often the end of each job was told. */
  readonly told = new Map<string, number>();

  private constructor(
    host: TestHost,
    peer: TestNamespace,
    client: TestClient,
    connection: ChannelModel,
    channel: ConfirmChannel,
  ) {
    this.host = host;
    this.peer = peer;
    this.#client = client;
    this.#connection = connection;
    this.#channel = channel;
  }

  static async start(brokerUrl: string, backend: Backend): Promise<ListSubject> {
    const client = await TestClient.connect(brokerUrl);
    const host = await TestHost.create({ brokerUrl, client, backend });
    await host.start({
      NODE_OPTIONS: `--max-semi-space-size=4 --import ${METER} ${process.env['BENCH_NODE_OPTIONS'] ?? ''}`,
      FLEETWALL_BENCH_STALL: join(host.folder, 'stall'),
      FLEETWALL_LOG_LEVEL: 'info',
    });
    const peer = await TestNamespace.create(backend);
    await connectNamespaces(peer, host.namespace);
    const connection = await connect(brokerUrl, { noDelay: true });
    const channel = await connection.createConfirmChannel();
    const subject = new ListSubject(host, peer, client, connection, channel);
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, EVENTS_EXCHANGE, `${host.id}.job.completed.*`);
    await channel.consume(queue, (message) => subject.#hear(message?.content), { noAck: true });
    return subject;
  }

  async close(): Promise<void> {
    await this.host.remove();
    await this.peer.remove();
    await this.#connection.close();
    await this.#client.close();
  }

  /** Sends a job. @returns its end, which is to be awaited */
  send(action: string, fields: object): { id: string; end: Promise<End> } {
    const id = randomUUID();
    const end = new Promise<End>((resolve) => this.#ends.set(id, resolve));
    const job = {
      apiVersion: 'fleetwall/v1',
      id,
      action,
      issuedAt: new Date().toISOString(),
      target: { hosts: [this.host.id] },
      ...fields,
    };
    const options = { persistent: true, messageId: id, contentType: 'application/json' };
    this.#channel.publish(JOBS_EXCHANGE, hostKey(this.host.id), Buffer.from(JSON.stringify(job)), options);
    return { id, end };
  }

  /** Runs a job to its end, which has to be `applied`. @returns milliseconds from publishing to the event */
  async run(action: string, fields: object): Promise<number> {
    const begun = performance.now();
    const { outcome, failure } = await this.send(action, fields).end;
    const ms = performance.now() - begun;
    if (outcome !== 'applied') throw new Error(`${action} ended ${outcome}: ${failure?.message ?? ''}`);
    return ms;
  }

  async residentMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.host.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** The longest time that the worker stood still since this was last asked, in milliseconds. */
  async longestStallMs(): Promise<number> {
    const file = join(this.host.folder, 'stall');
    await sleep(METER_MS);
    const ms = Number(await readFile(file, 'utf8'));
    await rm(file);
    await sleep(METER_MS);
    return ms;
  }

  #hear(content: Buffer | undefined): void {
    const { subject, data } = JSON.parse(content?.toString() ?? '{}') as { subject: string; data: End };
    this.told.set(subject, (this.told.get(subject) ?? 0) + 1);
    this.#ends.get(subject)?.(data);
    this.#ends.delete(subject);
  }
}

/** Puts a link between the two. The host answers any address of 10.78.0.0/16 by it. */
async function connectNamespaces(peer: TestNamespace, host: TestNamespace): Promise<void> {
  await peer.run('ip', ['link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'in', 'netns', host.name]);
  for (const address of ['10.77.0.2', '10.77.0.3', '10.77.0.4'])
    await peer.run('ip', ['address', 'add', `${address}/24`, 'dev', 'out']);
  await peer.run('ip', ['link', 'set', 'out', 'up']);
  await peer.run('ip', ['route', 'add', 'local', '10.78.0.0/16', 'dev', 'lo']);
  await host.run('ip', ['address', 'add', '10.77.0.1/24', 'dev', 'in']);
  await host.run('ip', ['link', 'set', 'in', 'up']);
  await host.run('ip', ['route', 'add', '10.78.0.0/16', 'via', '10.77.0.4']);
}

/** Watches packets of an address until they arrive no more: `packet-watch.py`. */
export class PacketWatch {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor({ host, peer }: Pick<ListSubject, 'host' | 'peer'>) {
    const script = join(import.meta.dirname, 'packet-watch.py');
    const command = [`--net=/run/netns/${peer.name}`, '--', 'python3', script, host.namespace.name];
    this.#child = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('the packets cannot be watched');
    this.#lines = createInterface(this.#child.stdout);
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
    this.#child.once('exit', (status) => {
      if (status !== 0) throw new Error(`the packets are not watched any more: ${status}`);
    });
  }

  /** @returns milliseconds from the call of `block` to the first packet that does not arrive */
  async untilDropped(address: string, block: () => Promise<unknown>): Promise<number> {
    const flowing = this.#line();
    this.#child.stdin?.write(`${address}\n`);
    await flowing;
    const dropped = this.#line();
    const begun = process.hrtime.bigint();
    await block();
    return Number(BigInt(await dropped) - begun) / 1e6;
  }

  close(): void {
    this.#child.stdin?.end();
  }

  async #line(): Promise<string> {
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }
}
