import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect } from 'amqplib';

/** A kind of worker as it is seen from outside: a process, a queue, and where its answers come. */
export interface Kind {
  name: string;
  queue: string;
  command: readonly string[];
  environment: Record<string, string>;
  /** Publishes a job. */
  publish: (channel: Channel, job: BenchJob, replyTo: string) => void;
  /** Hears answers; `onAnswer` gets the id of the job. */
  hear: (channel: Channel, replyTo: string, onAnswer: (id: string) => void) => Promise<void>;
}

interface BenchJob {
  id: string;
  /** The number of the job, from 0. */
  number: number;
}

const POLL_MS = 2;
const START_MS = 60_000;
const TICKS_PER_SECOND = 100;

/** Starts a worker, makes it do jobs, and measures it. */
export class Subject {
  readonly kind: Kind;
  readonly #connection: ChannelModel;
  readonly #channel: Channel;
  readonly #replyTo: string;
  readonly #answered = new Map<string, (error?: Error) => void>();
  #process: ChildProcess | null = null;
  #jobs = 0;

  private constructor(kind: Kind, connection: ChannelModel, channel: Channel, replyTo: string) {
    this.kind = kind;
    this.#connection = connection;
    this.#channel = channel;
    this.#replyTo = replyTo;
  }

  static async create(kind: Kind, url: string): Promise<Subject> {
    const connection = await connect(url, { noDelay: true });
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const subject = new Subject(kind, connection, channel, queue);
    await kind.hear(channel, queue, (id) => {
      subject.#answered.get(id)?.();
      subject.#answered.delete(id);
    });
    return subject;
  }

  /** @returns milliseconds until it consumes */
  async start(): Promise<number> {
    const { command, environment, queue } = this.kind;
    const [file = '', ...args] = command;
    const begun = performance.now();
    this.#process = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env['PATH'], ...environment },
    });
    this.#process.once('exit', (code) => {
      const error = new Error(`${this.kind.name} has ended with ${code} before it had answered`);
      for (const answer of this.#answered.values()) answer(error);
    });
    const looker = await this.#connection.createChannel();
    looker.on('error', () => {});
    const deadline = begun + START_MS;
    let consumers = 0;
    while (consumers === 0) {
      if (performance.now() > deadline) throw new Error(`${this.kind.name} did not start`);
      await sleep(POLL_MS);
      consumers = (await looker.checkQueue(queue)).consumerCount;
    }
    const ms = performance.now() - begun;
    await looker.close();
    return ms;
  }

  async stop(): Promise<void> {
    if (this.#process === null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exit;
    this.#process = null;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#connection.close();
  }

  /** @returns milliseconds from publishing to the answer */
  async do(): Promise<number> {
    const job = { id: randomUUID(), number: this.#jobs };
    this.#jobs += 1;
    const answer = new Promise<void>((resolve, reject) =>
      this.#answered.set(job.id, (error) => (error === undefined ? resolve() : reject(error))),
    );
    const begun = performance.now();
    this.kind.publish(this.#channel, job, this.#replyTo);
    await answer;
    return performance.now() - begun;
  }

  /** Does `count` jobs, with `atOnce` of them waiting at a time. @returns jobs per second */
  async doMany(count: number, atOnce: number): Promise<number> {
    const begun = performance.now();
    let left = count;
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        await this.do();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return count / ((performance.now() - begun) / 1000);
  }

  async residentMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Seconds of CPU that it has used so far, with those of its children that have ended. */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.#pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
  }

  get #pid(): number {
    return this.#process?.pid ?? 0;
  }
}
