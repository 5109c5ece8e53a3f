import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GateLook } from '../../src/contract/rollouts/gates.ts';
import { readGates } from '../../src/gates/gates-file.ts';
import { lookAtGates } from '../../src/gates/look-at-gates.ts';

const LONG_PAGE = Buffer.alloc(5 * 1024 * 1024, 'a');
let folder: string;
let server: Server;
let site: string;

/** Sends the page of a path. */
const PAGES: Record<string, (response: ServerResponse) => unknown> = {
  '/long': (response) => response.end(LONG_PAGE),
  '/endless': drip(200),
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('a', () => response.destroy());
  },
  '/503-long': (response) => response.writeHead(503).end(LONG_PAGE),
  '/503-endless': drip(503),
  '/500-location': (response) => response.writeHead(500, { location: '/help' }).end(),
  '/201-location': (response) => response.writeHead(201, { location: '/made' }).end(),
  '/302': (response) => response.writeHead(302, { location: '/login?from=here' }).end(),
  '/302-nowhere': (response) => response.writeHead(302).end(),
  '/300-nowhere': (response) => response.writeHead(300).end(),
};

function drip(status: number): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status);
    const timer = setInterval(() => response.write('a'), 20);
    response.on('close', () => clearInterval(timer));
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-gates-'));
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://site');
    const page = PAGES[pathname];
    if (page !== undefined) return void page(response);
    const result = JSON.parse(searchParams.get('query') ?? '[]') as string[];
    const series = result.map((text, index) => ({ metric: { n: `${index}` }, value: [0, text] }));
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: series } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function lookAt(gates: object[], signal?: AbortSignal): Promise<GateLook[]> {
  const path = join(folder, 'gates.yaml');
  await writeFile(
    path,
    JSON.stringify({ gates: gates.map((gate, index) => ({ name: `${index}`, ...gate })) }),
  );
  return await lookAtGates(await readGates(path), signal);
}

describe('a look at a page', () => {
  it.each([
    ['/long', {}, 'pass', 'status 200'],
    ['/endless', { timeoutSeconds: 1 }, 'inconclusive', 'no answer within 1 s'],
    ['/cut', {}, 'inconclusive', 'no answer: '],
    ['/503-long', {}, 'fail', 'status 503, and not 200'],
    ['/503-endless', {}, 'fail', 'status 503, and not 200'],
    ['/500-location', {}, 'fail', 'status 500, and not 200'],
    ['/201-location', {}, 'fail', 'status 201, and not 200'],
    ['/302', {}, 'inconclusive', 'leads to another place (status 302, /login)'],
    ['/302-nowhere', {}, 'inconclusive', 'leads to another place (status 302, without saying where)'],
    ['/300-nowhere', {}, 'inconclusive', 'leads to another place (status 300, without saying where)'],
    ['/302', { status: 302 }, 'pass', 'status 302'],
  ])('at %s, wanted %j, is a %s', async (path, wanted, verdict, reason) => {
    const [look] = await lookAt([{ http: { url: `${site}${path}`, timeoutSeconds: 60, ...wanted } }]);
    expect(look?.verdict).toBe(verdict);
    expect(look?.reason.slice(0, reason.length)).toBe(reason);
  });
});

it.each([6000, 10_080])(
  'a page is looked at also on a port that browsers are kept from: %i',
  async (port) => {
    const page = createServer((_, response) => response.end('well'));
    // By an address of its own, which nobody else listens on.
    page.listen(port, '127.83.0.9');
    await once(page, 'listening');
    const [look] = await lookAt([{ http: { url: `http://127.83.0.9:${port}/`, timeoutSeconds: 60 } }]);
    page.closeAllConnections();
    page.close();
    expect(look).toMatchObject({ verdict: 'pass', reason: 'status 200' });
  },
);

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries: a value is a string, that of a float of Go, or one of these three. */
describe('a look at Prometheus', () => {
  it.each([
    [['1'], 'pass', '1'],
    [['1e-07'], 'pass', '1e-07'],
    [['-Inf'], 'pass', '-Inf'],
    [['+Inf'], 'fail', '+Inf'],
    [['1e+06'], 'fail', '1e+06'],
    [['NaN'], 'inconclusive', 'NaN'],
    [[''], 'inconclusive', ''],
    [[' '], 'inconclusive', ' '],
    [['1 '], 'inconclusive', '1 '],
    [['0x1'], 'inconclusive', '0x1'],
    [['0b1'], 'inconclusive', '0b1'],
    [['.'], 'inconclusive', '.'],
    [['none'], 'inconclusive', 'none'],
    [['1', '', '2'], 'inconclusive', ''],
    [['1', '', '9'], 'fail', '9'],
  ])('that gives %j is a %s', async (values, verdict, value) => {
    const query = JSON.stringify(values);
    const [look] = await lookAt([{ prometheus: { url: site, query, below: 5 } }]);
    expect(look).toMatchObject({ verdict, value });
  });

  it('says which value is no number', async () => {
    const [look] = await lookAt([{ prometheus: { url: site, query: '["0x1"]', below: 5 } }]);
    expect(look?.reason).toBe('the query gives "0x1", which is no number');
  });
});

describe('a look by a command', () => {
  const shell = (script: string, timeoutSeconds = 20) => ({ command: ['sh', '-c', script], timeoutSeconds });
  const pidFile = () => join(folder, 'pid');
  /** Of one that has ended, but was not waited for by its parent, it is empty. */
  const isRunning = async (pid: number) =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';
  const leftBehind = async () => Number(await readFile(pidFile(), 'utf8'));

  beforeEach(async () => await rm(pidFile(), { force: true }));

  it.each([
    ['sleep 600 & echo $! > pid; echo well; exit 0', 'pass', 'exit status 0: well'],
    ['setsid sleep 600 & echo $! > pid; echo well; exit 0', 'pass', 'exit status 0: well'],
    ['setsid sleep 600 & echo $! > pid; echo ill; exit 1', 'fail', 'exit status 1: ill'],
  ])('does not wait for what it leaves behind: %s', async (script, verdict, reason) => {
    const [look] = await lookAt([shell(script)]);
    const pid = await leftBehind();
    try {
      expect(await isRunning(pid)).toBe(true);
      expect(look).toMatchObject({ verdict, reason });
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('waits for the program itself no longer than it may, whatever it has started', async () => {
    const [look] = await lookAt([shell('setsid sleep 600 & echo $! > pid; wait', 0.5)]);
    const pid = await leftBehind();
    try {
      expect(await isRunning(pid)).toBe(true);
      expect(look).toMatchObject({ verdict: 'inconclusive', reason: 'no end within 0.5 s' });
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('has all that the program wrote last', async () => {
    const [look] = await lookAt([shell('yes | head -c 60000; echo; echo the last; exit 1')]);
    expect(look).toMatchObject({ verdict: 'fail', reason: 'exit status 1: the last' });
  });

  it('ends with the signal, and the program and what it has started with it', async () => {
    const stop = new AbortController();
    const looking = lookAt([shell('sleep 600 & echo $! > begun; mv begun pid; wait')], stop.signal);
    await expect.poll(() => existsSync(pidFile())).toBe(true);
    stop.abort();
    const [look] = await looking;
    expect(look).toMatchObject({ verdict: 'inconclusive', reason: 'it was interrupted' });
    const pid = await leftBehind();
    await expect.poll(async () => await isRunning(pid)).toBe(false);
  });

  it('ends with the signal also a program that does not heed SIGTERM', async () => {
    const stop = new AbortController();
    const looking = lookAt(
      [shell('trap "" TERM; echo $$ > begun; mv begun pid; while :; do sleep 600; done')],
      stop.signal,
    );
    await expect.poll(() => existsSync(pidFile())).toBe(true);
    stop.abort();
    expect((await looking)[0]).toMatchObject({ verdict: 'inconclusive', reason: 'it was interrupted' });
    const pid = await leftBehind();
    await expect.poll(async () => await isRunning(pid)).toBe(false);
  });
});
