import assert from 'node:assert/strict';
import { documentedBlock } from '../support/document-blocks.ts';
import type { Ended } from './engine.ts';
import { type Project, until } from './project.ts';

const NAME = 'fleetwall';
const ID = 'web-1';
const PAGE = 'docker/README-image.md';
/** The broker that the page has. */
const ELSEWHERE = 'amqps://broker.example/fleet';
/** What the command of README gets instead, or besides. */
export interface Changes {
  image?: string;
  /** `NET_RAW` … that the container does not get. */
  without?: string;
  /** Further flags of `docker run`. */
  flags?: readonly string[];
  /** A flag with its value that is left out. */
  leaveOut?: string;
}

/**
 * A worker for a whole host, as docker/README-image.md runs it. The host is the network namespace of the engine, with Docker's own
 * rules in it.
 */
export class WholeHost {
  readonly id = ID;
  readonly #fleet: Project;
  /** The address of the broker. */
  readonly broker: string;

  private constructor(fleet: Project, broker: string) {
    this.#fleet = fleet;
    this.broker = broker;
  }

  /** What README's command gives the worker: `NAME=value`. */
  async environment(): Promise<string[]> {
    const block = await readmesCommand();
    return [...block.matchAll(/--env (\S+)/g)].map(([, one = '']) => one.replace(ELSEWHERE, this.#url));
  }

  get #url(): string {
    return `amqp://${ID}@${this.broker}/fleet`;
  }

  /** Makes what a host has before the worker comes. */
  static async create(fleet: Project): Promise<WholeHost> {
    const { engine } = fleet;
    await fleet.compose('run', '--rm', 'keys');
    await fleet.compose('up', '--detach', '--wait', 'rabbitmq');
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    const address = await engine.docker('inspect', '--format', format, await fleet.container('rabbitmq'));
    const keys = await fleet.compose(
      'run',
      '--rm',
      '-T',
      '--entrypoint',
      'cat',
      'keys',
      '/trusted/keys.json',
    );
    await engine.run(['rm', '-rf', '/etc/fleetwall', '/var/lib/fleetwall']);
    await engine.run(['mkdir', '/etc/fleetwall']);
    await engine.run(['cp', `/src/docker/rabbitmq/passwords/${ID}`, '/etc/fleetwall/amqp-password']);
    await engine.run(['tee', '/etc/fleetwall/trusted-keys.json'], keys);
    return new WholeHost(fleet, address.trim());
  }

  /** Runs README's command. */
  async start({ image = NAME, without, flags = [], leaveOut }: Changes = {}): Promise<void> {
    const block = await readmesCommand();
    const changes: [string | RegExp, string][] = [
      [ELSEWHERE, this.#url],
      [/ {2}fleetwall\n$/, `  ${flags.join(' ')} ${image}\n`],
    ];
    if (without !== undefined) changes.push([`--cap-add ${without}`, '']);
    if (leaveOut !== undefined) changes.push([leaveOut, '']);
    const command = changes.reduce((text, [from, to]) => {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text, `${PAGE} has no ${from}`);
      return changed;
    }, block);
    await this.#fleet.engine.shell('docker', command);
  }

  async isReady(): Promise<boolean> {
    const program = `fetch('http://127.0.0.1:9464/readyz').then(({ ok }) => process.exit(ok ? 0 : 1))`;
    return (await this.try('node', '--eval', program)).status === 0;
  }

  async ready(): Promise<void> {
    await until(`the worker of ${ID} is ready`, async () => await this.isReady());
  }

  async log(): Promise<string> {
    return await this.#fleet.engine.docker('logs', NAME);
  }

  /** @returns the id of the job that waits to be confirmed */
  async waitingJob(): Promise<string> {
    const lines = (await this.log()).split('\n').filter((line) => line.includes('"Waiting to be confirmed"'));
    const [, id] = /"jobId":"([^"]+)"/.exec(lines.at(-1) ?? '') ?? [];
    assert.ok(id !== undefined, 'no job waits');
    return id;
  }

  /** Runs a program in the container. */
  async try(...command: readonly string[]): Promise<Ended> {
    return await this.#fleet.engine.try(['docker', 'exec', NAME, ...command]);
  }

  /** What `docker inspect` says, by a template of Go. */
  async says(template: string): Promise<string> {
    return (await this.#fleet.engine.docker('inspect', '--format', template, NAME)).trim();
  }

  async stop(): Promise<void> {
    await this.#fleet.engine.docker('stop', NAME);
  }

  async remove(): Promise<void> {
    await this.#fleet.engine.docker('rm', '--force', NAME);
  }

  async rules(): Promise<string> {
    return await this.#fleet.engine.run(['iptables-save']);
  }
}

async function readmesCommand(): Promise<string> {
  return await documentedBlock(PAGE, 'mkdir -p /run/fleetwall && touch /run/xtables.lock');
}
