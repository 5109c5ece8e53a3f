import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended, Engine } from './engine.ts';

const LIMIT_MS = 60_000;

/** The fleet of docker/compose.yaml, while it is up. */
export class Project {
  readonly engine: Engine;
  /** `--file …` for each further file. */
  readonly #files: readonly string[];

  constructor(engine: Engine, files: readonly string[] = []) {
    this.engine = engine;
    this.#files = files.flatMap((file) => ['--file', file]);
  }

  async compose(...args: readonly string[]): Promise<string> {
    const { status, output } = await this.tryCompose(args);
    assert.equal(status, 0, `docker compose ${args.join(' ')}:\n${output}`);
    return output;
  }

  async tryCompose(args: readonly string[], input = ''): Promise<Ended> {
    const command = ['docker', 'compose', ...this.#files, '--progress=quiet', ...args];
    return await this.engine.try(['env', '--chdir=/src/docker', ...command], input);
  }

  /** What an operator calls. */
  async client(args: readonly string[], input = ''): Promise<Ended> {
    return await this.tryCompose(['run', '--rm', '-T', 'client', ...args], input);
  }

  /** The rules that a host has. */
  async rules(service: string): Promise<string> {
    return await this.compose('exec', '-T', service, 'iptables-save');
  }

  async container(service: string): Promise<string> {
    return (await this.compose('ps', '--all', '--quiet', service)).trim();
  }
}

/** Waits until something is so; what is waited for is said when it does not become so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + LIMIT_MS; !(await isSo()); await sleep(300)) {
    if (Date.now() > deadline) throw new Error(`in vain waited until ${what}`);
  }
}

export function ruleset(chain: string, rule: string): string {
  return `*filter\n:${chain} - [0:0]\n-A INPUT -j ${chain}\n-A ${chain} ${rule}\nCOMMIT\n`;
}
