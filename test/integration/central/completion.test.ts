import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EVENTS_EXCHANGE } from '../../../src/contract/words/names.ts';
import { fleetwall } from '../../support/command-line.ts';
import { workerEventOf } from '../../support/example-events.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const PRESS_TAB = join(import.meta.dirname, '../../support/press-tab.py');
const SUFFIX = Math.random().toString(36).slice(2, 8);
const HOST = `tab-${SUFFIX}`;
const GROUP = `rack-${SUFFIX}`;

let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-completion-'));
  await mkdir(join(folder, 'bin'));
  await symlink(MAIN, join(folder, 'bin/fleetwall'));
  await mkdir(join(folder, 'work/schemas'), { recursive: true });
  await writeFile(join(folder, 'work/my-edge.yaml'), '');
  environment = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    HOME: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    FLEETWALL_AMQP_URL: inject('brokerUrl'),
    LC_ALL: 'C.UTF-8',
  };
  // The log of events is there once a command was.
  await fleetwall(['history'], { environment });
  const broker = await connect(inject('brokerUrl'));
  const channel = await broker.createConfirmChannel();
  const event = workerEventOf(HOST, [GROUP], 'fleetwall.worker.heartbeat');
  channel.publish(EVENTS_EXCHANGE, `${HOST}.worker.heartbeat`, Buffer.from(JSON.stringify(event)), {
    contentType: 'application/cloudevents+json',
  });
  await channel.waitForConfirms();
  await broker.close();
  // On a busy machine the log may not be read in the time that a TAB may take: then it is what was seen before that counts.
  await fleetwall(['status', '--timeout', '0.1'], { environment });
});
afterAll(async () => await rm(folder, { recursive: true }));

async function run(file: string, args: readonly string[], more: Record<string, string> = {}) {
  const options = { cwd: join(folder, 'work'), env: { ...environment, ...more }, extendEnv: false };
  return await execa(file, args, { ...options, stripFinalNewline: false });
}

/** What one TAB makes of each line, in a shell that somebody types into. */
async function pressTab(shell: 'bash' | 'zsh', lines: readonly string[]): Promise<string[]> {
  const setup = {
    bash: 'source <(fleetwall completion bash)',
    zsh: 'autoload -U compinit; compinit -D; source <(fleetwall completion zsh)',
  };
  const { stdout } = await run('python3', [PRESS_TAB, shell, setup[shell], ...lines]);
  return stdout.trimEnd().split('\n');
}

/** What fish has to offer for a line. */
async function fishOffers(line: string): Promise<string[]> {
  const script = 'fleetwall completion fish | source; complete -C $argv[1]';
  const { stdout } = await run('fish', ['--no-config', '-c', script, line]);
  return stdout.split('\n').flatMap((each) => each.split('\t')[0] || []);
}

/** As the scripts ask. */
async function complete(line: string, more: Record<string, string> = {}): Promise<string[]> {
  const { stdout, stderr } = await run('fleetwall', ['complete', 'zsh', '--', ...line.split(' ')], more);
  expect(stderr).toBe('');
  return stdout.split('\n').flatMap((each) => each.split('\t')[0] || []);
}

/** A word that is begun, and what it becomes. */
const LINES = [
  ['expl', 'explain'],
  ['push --confirm=ma', 'push --confirm=manual'],
  ['rollout edge.yaml --on-failure ro', 'rollout edge.yaml --on-failure rollback'],
  [`forget web-1 tab-${SUFFIX.slice(0, 3)}`, `forget web-1 ${HOST}`],
  ['push --key=my-', 'push --key=my-edge.yaml'],
  ['schema --out sch', 'schema --out schemas'],
] as const;

describe('fleetwall completion', () => {
  it.each(['bash', 'zsh'] as const)('completes in %s what is typed', async (shell) => {
    const typed = LINES.map(([begun]) => `fleetwall ${begun}`);
    const made = (await pressTab(shell, typed)).map((line) => line.replace(/\/$/, ''));
    expect(made).toEqual(LINES.map(([, whole]) => `fleetwall ${whole}`));
  });

  it('offers in fish what can be typed', async () => {
    for (const [begun, whole] of LINES) {
      const offers = await fishOffers(`fleetwall ${begun}`);
      expect(offers.map((offer) => offer.replace(/\/$/, ''))).toEqual([whole.split(' ').at(-1)]);
    }
  });

  it.each(['bash', 'zsh'] as const)('evaluates nothing of what is typed in %s', async (shell) => {
    const line = `fleetwall push --name "$(touch evil)" --key '$(touch evil)' \`touch evil\` my-`;
    // Of quotes, the editor sees to itself.
    await pressTab(shell, [line.replaceAll("'", '"')]).catch(() => {});
    expect(await readdir(join(folder, 'work'))).not.toContain('evil');
  });

  it('is found by zsh in its folder', async () => {
    const functions = join(folder, 'functions');
    await mkdir(functions);
    await writeFile(join(functions, '_fleetwall'), (await run('fleetwall', ['completion', 'zsh'])).stdout);
    const setup = `fpath+=(${functions}); autoload -U compinit; compinit -D`;
    const { stdout } = await run('python3', [PRESS_TAB, 'zsh', setup, 'fleetwall expl']);
    expect(stdout.trimEnd()).toBe('fleetwall explain');
  });
});

describe('names of a fleet', () => {
  let silent: Server;
  let url: string;
  beforeAll(async () => {
    silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    url = `amqp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(() => silent.close());

  it('are offered as they were seen, when the broker is away, or says nothing', async () => {
    for (const other of [url, 'amqp://127.0.0.1:9', 'http://nonsense', 'amqp://user:wrong@127.0.0.1:9'])
      expect(await complete('push --host ', { FLEETWALL_AMQP_URL: other })).toEqual([]);
    const cache = join(folder, 'cache/fleetwall');
    const files = await readdir(cache);
    // One for each broker that was asked; the last two are the same one, or none.
    expect(files).toHaveLength(3);
    expect((await stat(cache)).mode & 0o077).toBe(0);
    for (const file of files) expect((await stat(join(cache, file))).mode & 0o077).toBe(0);
  });

  it('are those of the broker that the line names', async () => {
    const names = await complete(`status --amqp-url ${inject('brokerUrl')} --host tab-`, {
      FLEETWALL_AMQP_URL: url,
    });
    expect(names).toContain(HOST);
  });

  it('are kept by status, and dropped by forget', async () => {
    const more = { XDG_CACHE_HOME: join(folder, 'other-cache') };
    await fleetwall(['status', '--timeout', '0.1'], { environment: { ...environment, ...more } });
    // Nobody is asked: this is a broker that is away, and what is known is of another.
    expect(await complete('push --host tab-', more)).toContain(HOST);
    const forgotten = await fleetwall(['forget', HOST], { environment: { ...environment, ...more } });
    expect(forgotten.stdout).toBe(`${HOST} is forgotten: its queues are deleted, with what waited in them`);
    expect(await complete('push --host tab-', more)).not.toContain(HOST);
  });

  it('are no reason to end in an error, wherever they cannot be kept', async () => {
    const offered = async () => await complete('push --host tab-', { XDG_CACHE_HOME: '/proc/nowhere' });
    await expect.poll(offered, { timeout: 60_000 }).toEqual([HOST]);
  });
});
