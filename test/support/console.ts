import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Source } from '../../src/console/api/live.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const LOOK_MS = 50;

/** What the console has answered. */
export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A console of one's own, as a process: its page and what that asks. */
export class TestConsole {
  readonly #process: ChildProcess;
  /** Such as `http://127.0.0.1:34567/`. */
  readonly url: string;
  said = '';

  private constructor(process_: ChildProcess, url: string) {
    this.#process = process_;
    this.url = url;
    process_.stderr?.on('data', (part: Buffer) => (this.said += part.toString()));
  }

  /** Resolves once the log of events was read. */
  static async start(brokerUrl: string, ...args: string[]): Promise<TestConsole> {
    const words = args.includes('--listen') ? args : ['--listen', '127.0.0.1:0', ...args];
    const child = spawn(process.execPath, [MAIN, 'console', '--json', ...words], {
      env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: brokerUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['{}'])])) as [
      string,
    ];
    const { url } = JSON.parse(line) as { url?: string };
    if (url === undefined) throw new Error('the console does not start');
    const console_ = new TestConsole(child, url);
    while (!console_.said.includes('the log of events is read')) {
      if (child.exitCode !== null) throw new Error(console_.said);
      await sleep(LOOK_MS);
    }
    return console_;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async get<T>(path: string): Promise<T> {
    const { status, text } = await this.ask(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  async source(): Promise<Source> {
    return await this.get<Source>('api/source');
  }

  /** Asks as no browser would, too: with any method, and any Host header. */
  async ask(
    path: string,
    {
      method = 'GET',
      headers = {},
      body = '',
    }: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answered> {
    const asked = request(new URL(path, this.url), { method, headers, agent: false });
    asked.end(body);
    const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
    let text = '';
    for await (const part of response) text += String(part);
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  /** @returns its exit status */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    const [status] = (await ended) as [number | null];
    return status;
  }
}
