import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/program.ts';
import { fleetwall } from '../../support/command-line.ts';
import { examine } from '../../support/doctor.ts';
import { freePort } from '../../support/free-ports.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const JOB = '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e';
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n';
/** Of amqplib, zod and Node: nobody can mend anything by them. */
const RAW =
  /Operation failed|Handshake|Expected \w+; got|\b[A-Z][a-z]+(?:Declare|Consume|OpenOk)\b|Zod|invalid_type|\n {4}at |node:/;
const LIKE_AN_ID = /UUID such as [\da-f]{8}-/;
const NOTHING = '^$';

let folder: string;
let broker: Rabbitmq;
let managementPort: number;
const AWAY = ['broker_unreachable', 3] as const;
/** Whose rules a worker would keep. */
let namespace: TestNamespace;
/** The commands that talk to the broker, as they are typed. */
let commands: string[][];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-raw-ends-'));
  const file = join(folder, 'edge.rules');
  await writeFile(file, EDGE);
  const users = ['guest', 'stranger', 'weak'].map((name) => ({
    name,
    password: name,
    tags: name === 'guest' ? 'administrator' : '',
  }));
  const definitions = join(folder, 'definitions.json');
  const permissions = [
    { user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' },
    { user: 'weak', vhost: '/', configure: NOTHING, write: NOTHING, read: NOTHING },
  ];
  await writeFile(definitions, JSON.stringify({ users, vhosts: [{ name: '/' }], permissions }));
  broker = await Rabbitmq.start({
    plugins: ['rabbitmq_management'],
    configure: async (port) => {
      managementPort = await port();
      return [
        `load_definitions = ${definitions}`,
        'management.tcp.ip = 127.0.0.1',
        `management.tcp.port = ${managementPort}`,
      ];
    },
  });
  namespace = await TestNamespace.create('nft');
  // Makes what a fleet has on its broker.
  expect(await fleetwall(['history', '--amqp-url', broker.url])).toMatchObject({ status: 0 });
  commands = [
    ['push', file, '--host', 'web-1', '--timeout', '2'],
    ['rollout', file, '--host', 'web-1', '--timeout', '2'],
    ['rollback', 'edge', '--host', 'web-1'],
    ['remove', 'edge', '--host', 'web-1'],
    ['report', 'edge', '--host', 'web-1'],
    ['confirm', JOB, '--timeout', '2'],
    ['abort', JOB, '--timeout', '2'],
    ['cancel', JOB, '--timeout', '1'],
    ['watch', '--for', '1'],
    ['status'],
    ['history'],
    ['diff', file, '--host', 'web-1'],
    ['forget', 'web-1'],
    ['rollout', 'list'],
    ...['status', 'resume', 'pause', 'abort'].map((word) => ['rollout', word, 'edge-7']),
  ];
});
afterAll(async () => {
  await broker.stop();
  await namespace.remove();
  await rm(folder, { recursive: true });
});

describe('a command that the broker does not serve', () => {
  const as = (user: string, password = user) => broker.url.replace('//', `//${user}:${password}@`);

  it.each([
    ['a wrong virtual host', async () => `${broker.url}/none`, 2, /no such vhost/],
    ['a wrong user', async () => as('nobody'), 2, /user or password is wrong/],
    ['a wrong password', async () => as('guest', 'wrong'), 2, /user or password is wrong/],
    ['a user without any rights', async () => as('stranger'), 2, /the user has no right to it/],
    ['a user with too few rights', async () => as('weak'), 2, /fleetwall provision/],
    ['a wrong port', async () => `amqp://127.0.0.1:${await freePort()}`, 3, /nothing listens there/],
    ['TLS where there is none', async () => broker.url.replace('amqp:', 'amqps:'), 3, /does not speak TLS/],
  ] as const)('for %s says so in one sentence, to a program, too', async (_, urlOf, status, reason) => {
    const url = await urlOf();
    for (const args of commands) {
      const { stdout, stderr, ...ended } = await runHere([...args, '--amqp-url', url, '--json']);
      const line = args.join(' ');
      expect(ended, line + stderr).toEqual({ status });
      expect(stderr, line).toMatch(reason);
      expect(stderr, line).toMatch(/^fleetwall: [^\n]{1,900}\n$/);
      expect(stderr, line).not.toMatch(RAW);
      expect(JSON.parse(stdout), line).toEqual({
        error: {
          code: status === 3 ? 'broker_unreachable' : 'broker_refused',
          message: stderr.replace(/^fleetwall: /, '').trimEnd(),
          exitStatus: status,
        },
      });
    }
  });

  it.each([
    ['a wrong virtual host', async () => `${broker.url}/none`, /no such vhost/],
    ['a wrong password', async () => as('guest', 'wrong'), /user or password is wrong/],
    ['a user without any rights', async () => as('stranger'), /no right/],
    ['a user with too few rights', async () => as('weak'), /no right/],
    ['a wrong port', async () => `amqp://127.0.0.1:${await freePort()}`, /nothing listens there/],
    ['TLS where there is none', async () => broker.url.replace('amqp:', 'amqps:'), /does not speak TLS/],
  ] as const)(
    'for %s is told by doctor, and by a worker that tries again until it is ended',
    async (_, urlOf, reason) => {
      const environment = {
        FLEETWALL_AMQP_URL: await urlOf(),
        FLEETWALL_HOST_ID: 'web-1',
        FLEETWALL_ALLOW_UNSIGNED: 'true',
        FLEETWALL_NETNS: namespace.name,
        FLEETWALL_STATE_DIR: join(folder, 'state'),
        FLEETWALL_RUN_DIR: join(folder, 'run'),
      };
      const examined = await examine(environment);
      expect(examined.status).toBe(1);
      const found = examined.of('broker', 'failure');
      expect(found).toMatch(reason);
      expect(found).not.toMatch(RAW);

      const worker = execa(process.execPath, [MAIN, 'worker'], {
        env: { PATH: process.env['PATH'], ...environment },
        extendEnv: false,
        reject: false,
      });
      let log = '';
      worker.stdout.on('data', (chunk) => (log += String(chunk)));
      const told = () =>
        log.split('\n').flatMap((line) => {
          const { error, reason: lacks } = JSON.parse(line === '' ? '{}' : line) as {
            error?: Error;
            reason?: string;
          };
          return [error?.message ?? lacks ?? ''];
        });
      await expect.poll(() => told().join('\n'), { timeout: 60_000 }).toMatch(reason);
      worker.kill('SIGTERM');
      const { exitCode, stderr } = await worker;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(told().join('\n')).not.toMatch(RAW);
    },
  );

  it.each<[string, () => string, RegExp, (readonly [string, number])?]>([
    [
      'a wrong password',
      () => `http://guest:wrong@127.0.0.1:${managementPort}`,
      /password of an administrator/,
    ],
    [
      'a user who is no administrator',
      () => `http://weak:weak@127.0.0.1:${managementPort}`,
      /password of an administrator/,
    ],
    [
      'the port of AMQP',
      () => broker.url.replace(/^amqp:\/\//, 'http://guest:guest@'),
      /does not answer/,
      AWAY,
    ],
    ['a port where nothing listens', () => 'http://guest:guest@127.0.0.1:1', /does not answer/, AWAY],
  ])(
    'for %s is told by provision in one sentence',
    async (_, urlOf, reason, [code, exitStatus] = ['management_failed', 2]) => {
      const args = [
        'provision',
        'web-1',
        '--passwords',
        join(folder, 'passwords'),
        '--management-url',
        urlOf(),
      ];
      const ended = await runHere([...args, '--json']);
      expect(ended.stderr).toMatch(reason);
      expect(ended.stderr).toMatch(/^fleetwall: [^\n]{1,900}\n$/);
      expect(ended.stderr).not.toMatch(/\n {4}at |node:|wrong@/);
      expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code, exitStatus } });
      expect(ended.status).toBe(exitStatus);
    },
  );

  it('takes another node of a cluster, where one does not answer', async () => {
    const down = `amqp://127.0.0.1:${await freePort()}`;
    const ends = await inTurns([1, 2, 3, 4], 4, async () => {
      return await fleetwall(['history', '--amqp-url', `${down},${broker.url}`]);
    });
    expect(ends.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [['push', '/nonsense/edge.rules', '--host', 'web-1'], 2, { code: 'file_invalid', line: null }],
    [['push', '-', '--host', 'web-1'], 1, { code: 'file_invalid', file: '-', line: 1 }],
    [['push', '--nonsense'], 2, { code: 'usage_invalid' }],
    [['keys'], 2, { code: 'usage_invalid' }],
    ...['confirm', 'abort', 'cancel'].map(
      (word) =>
        [[word, 'no-id'], 2, { code: 'usage_invalid', message: expect.stringMatching(LIKE_AN_ID) }] as const,
    ),
    [['confirm', JOB, '--timeout', '1'], 1, { code: 'nobody_waits' }],
    [['abort', JOB, '--timeout', '1'], 1, { code: 'nobody_waits' }],
    [['forget', 'web-1'], 4, { code: 'nobody_known' }],
    [['rollout', 'pause', 'edge-7'], 2, { code: 'no_such_rollout' }],
    [['rollout', 'abort', 'edge-7'], 2, { code: 'no_such_rollout' }],
    [['status', '--key', '/nonsense.key'], 2, { code: 'settings_invalid' }],
    [['explain', 'nonsense'], 2, { code: 'usage_invalid' }],
    [['schema', '--out', '/dev/null/schemas'], 2, { code: 'system_error', file: '/dev/null/schemas' }],
  ] as const)('%j tells a program of its error as JSON', async (args, status, error) => {
    const environment = { FLEETWALL_AMQP_URL: broker.url };
    vi.stubEnv('FLEETWALL_AMQP_URL', broker.url);
    const line = [...args, '--json'];
    const needsInput = line.includes('-');
    const ended = needsInput
      ? await fleetwall(line, { environment, input: 'nonsense\n' })
      : await runHere(line);
    expect(ended.stderr).not.toMatch(RAW);
    expect(ended.status, ended.stderr).toBe(status);
    const told = JSON.parse(ended.stdout) as { error: { message: string } };
    expect(told).toEqual({ error: expect.objectContaining({ ...error, exitStatus: status }) as object });
    expect(ended.stderr).toContain(told.error.message.split('\n')[0]);
  });
});

describe('a command that is read by head', () => {
  const toHead = async (args: string[], lines: number) => {
    const script = `"$@" | head -n ${lines}; exit "\${PIPESTATUS[0]}"`;
    const { stdout, stderr, exitCode } = await execa(
      'bash',
      ['--norc', '-c', script, 'head', process.execPath, MAIN, ...args],
      {
        env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: broker.url },
        extendEnv: false,
        reject: false,
      },
    );
    return { args, stdout, stderr, exitCode };
  };

  it('ends without a word of that', async () => {
    const local = [
      ['--help'],
      ['help', 'worker'],
      ['explain'],
      ['explain', '--json'],
      ['schema', 'asyncapi'],
      ['provision', 'web-1', '--certificates', '--definitions'],
      ['completion', 'bash'],
    ];
    const ends = await inTurns([...local, ...commands], 4, async (args) => {
      return await toHead(args, args === local[0] ? 1 : 0);
    });
    for (const { args, stderr, stdout, exitCode } of ends) {
      expect(stderr, args.join(' ')).not.toMatch(/EPIPE|\n {4}at /);
      if (!local.includes(args)) continue;
      expect({ stderr, exitCode }, args.join(' ')).toEqual({ stderr: '', exitCode: 0 });
      expect(stdout).toBe(args === local[0] ? 'Usage: fleetwall [options] [command]' : '');
    }
  });
});

/** In this process, which is a matter of milliseconds: the way from an error to its end is the same. */
async function runHere(args: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    return { status: await runCommandLine(['node', 'fleetwall', ...args]), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A few at a time, as each is a process. */
async function inTurns<T, R>(all: readonly T[], count: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...all.entries()];
  const next = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift())
      results[one[0]] = await work(one[1]);
  };
  await Promise.all(Array.from({ length: count }, next));
  return results;
}
