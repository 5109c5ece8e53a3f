import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { EventAnswer, EventsAnswer } from '../../../src/console/api/events.ts';
import type { FleetAnswer, HostAnswer } from '../../../src/console/api/hosts.ts';
import type { RolloutAnswer } from '../../../src/console/api/rollouts.ts';
import { TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { TestConsole } from '../../support/console.ts';
import { documentedBlock } from '../../support/document-blocks.ts';
import { TestHost } from '../../support/host.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const PATIENCE = { timeout: 30_000 };
const TOKEN = 'a-token-that-is-long-enough';
let folder: string;
let client: TestClient;
let host: TestHost;
let page: TestConsole;

const edge = (...rules: string[]) =>
  ['*filter', ':edge - [0:0]', '-A INPUT -j edge', ...rules, 'COMMIT', ''].join('\n');
const environment = () => ({ FLEETWALL_AMQP_URL: inject('brokerUrl'), XDG_STATE_HOME: folder });
const push = async (text: string, ...args: string[]) =>
  await fleetwall(['push', '-', '--name', 'edge', '--confirm', 'none', '--host', host.id, ...args], {
    input: text,
    environment: environment(),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-console-'));
  client = await TestClient.connect(inject('brokerUrl'));
  host = await TestHost.create({ brokerUrl: inject('brokerUrl'), client, backend: 'nft' });
  await host.start();
  page = await TestConsole.start(inject('brokerUrl'));
});

afterAll(async () => {
  await page?.stop();
  await host?.remove();
  await client?.close();
  await rm(folder, { recursive: true });
});

const row = async (query = '') =>
  (await page.get<FleetAnswer>(`api/fleet${query}`)).hosts.find(({ hostId }) => hostId === host.id);

describe('the console', () => {
  it('tells what is live on a host, what failed there at which line, and how it was before', async () => {
    const before = new Date();
    expect((await push(edge('-A edge -s 192.0.2.1/32 -j DROP'))).status).toBe(0);
    await vi.waitFor(
      async () => expect((await row())?.rulesets).toMatchObject([{ name: 'edge', revision: 1 }]),
      PATIENCE,
    );
    expect((await row(`?at=${before.toISOString()}`))?.rulesets).toEqual([]);

    expect(
      (await push(edge('-A edge -s 192.0.2.1/32 -j DROP', '-A edge -p tcp --dport 1:2:3 -j DROP'))).status,
    ).toBe(1);
    await vi.waitFor(async () => expect((await row())?.lastFailure).not.toBeNull(), PATIENCE);
    const failure = (await row())?.lastFailure;
    expect(failure).toMatchObject({ code: 'rule_rejected', what: 'edge revision 2' });
    const { event } = await page.get<EventAnswer>(`api/events/${failure?.event}`);
    expect(event).toMatchObject({
      data: { outcome: 'failed', failure: { lines: [{ line: 5, confidence: 'verified' }] } },
    });

    const told = await page.get<HostAnswer>(`api/hosts/${host.id}`);
    expect(told.history.filter(({ outcome }) => outcome !== null).map(({ outcome }) => outcome)).toEqual([
      'failed',
      'applied',
    ]);
    expect(told.host.presence).toBe('online');
    const { events } = await page.get<EventsAnswer>(`api/events?host=${host.id}&outcome=failed`);
    expect(events.map(({ says }) => says)).toEqual([expect.stringContaining('line 5')]);
  });

  it('tells pages what comes, as it comes', async () => {
    const stop = new AbortController();
    const response = await fetch(new URL('api/live', page.url), { signal: stop.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let heard = '';
    const reading = (async () => {
      for await (const part of response.body ?? []) heard += Buffer.from(part).toString();
    })().catch(() => {});
    await vi.waitFor(() => expect(heard).toContain('event: source'), PATIENCE);
    expect((await push(edge('-A edge -s 192.0.2.7/32 -j DROP'))).status).toBe(0);
    await vi.waitFor(
      () => expect(heard).toMatch(/event: changes\ndata: .*"says":"edge revision 2 applied/),
      PATIENCE,
    );
    stop.abort();
    await reading;
  });

  it('tells a rollout that stopped with what failed, and how it was in the middle', async () => {
    const id = `page-${host.id}`;
    const args = ['rollout', '-', '--name', 'edge', '--confirm', 'none', '--host', host.id, '--id', id];
    const began = new Date();
    const text = edge('-A edge -m nosuchmatch -j DROP');
    expect((await fleetwall(args, { input: text, environment: environment() })).status).toBe(1);
    await vi.waitFor(
      async () =>
        expect((await page.get<RolloutAnswer>(`api/rollouts/${id}`)).rollout.status).toBe('stopped'),
      PATIENCE,
    );
    const told = await page.get<RolloutAnswer>(`api/rollouts/${id}`);
    expect(told).toMatchObject({
      budgets: [{ name: 'failed', used: 1, of: 0 }, {}, {}],
      failures: [{ hosts: [host.id], lines: [{ line: 4 }] }],
      hostsByEnd: { failed: [host.id] },
    });
    expect((await page.ask(`api/rollouts/${id}?at=${began.toISOString()}`)).status).toBe(404);
  });

  it.each([
    ['api/fleet?at=yesterday', 400, 'at must be a time'],
    ['api/events?before=-1', 400, 'before must be a number'],
    ['api/events/999999999999', 404, 'no event'],
    ['api/events/..%2f..%2fetc', 404, 'no event'],
    ['api/hosts/nobody', 404, 'no host nobody'],
    ['api/rollouts/%00', 404, 'no rollout'],
    ['api/hosts/%ff', 400, 'malformed'],
    ['api/nothing', 404, 'no such address'],
    ['assets/..%2fcli%2fmain.js', 404, 'no such file'],
    ['etc/passwd', 404, 'no such page'],
  ])('answers %s with %i', async (path, status, reason) => {
    const answer = await page.ask(path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(reason);
  });

  it('lets nobody change anything', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await page.ask('api/fleet', { method })).status).toBe(405);
  });

  it('is not asked for by a name of the web', async () => {
    expect((await page.ask('fleet', { headers: { host: 'evil.example' } })).status).toBe(421);
    expect((await page.ask('fleet', { headers: { host: 'localhost:9465' } })).status).toBe(200);
  });

  it('gives a page that loads nothing from elsewhere, and is in no frame', async () => {
    for (const path of ['', 'fleet', 'rollouts/some', `hosts/${host.id}`, 'events', 'events/3']) {
      const { status, headers, text } = await page.ask(path);
      expect(status).toBe(200);
      expect(text).toContain('<!doctype html>');
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    const { headers } = await page.ask('assets/console.js');
    expect(
      (await page.ask('assets/console.js', { headers: { 'if-none-match': String(headers['etag']) } })).status,
    ).toBe(304);
  });

  it('has no secret of the broker', async () => {
    const { password, username } = new URL(inject('brokerUrl'));
    const secret = password === '' ? `${username}:` : password;
    for (const path of ['api/source', 'fleet', 'api/fleet'])
      expect((await page.ask(path)).text).not.toContain(`${secret}@`);
  });
});

describe('a console that asks for a token', () => {
  let guarded: TestConsole;
  beforeAll(async () => {
    const file = join(folder, 'token');
    await writeFile(file, `${TOKEN}\n`, { mode: 0o600 });
    guarded = await TestConsole.start(inject('brokerUrl'), '--token-file', file, '--name', 'fleet.example');
  });
  afterAll(async () => void (await guarded?.stop()));

  const form = (token: string, headers: Record<string, string> = {}) => ({
    method: 'POST',
    body: new URLSearchParams({ token }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

  it('shows nothing before it is given', async () => {
    expect((await guarded.ask('api/fleet')).status).toBe(401);
    expect((await guarded.ask('api/live')).status).toBe(401);
    expect(await guarded.ask('fleet')).toMatchObject({ status: 303, headers: { location: '/login' } });
    expect((await guarded.ask('login')).text).toContain('<form method="post"');
    expect((await guarded.ask('api/fleet', { headers: { cookie: 'fleetwall_console=AAAA' } })).status).toBe(
      401,
    );
    expect((await guarded.ask('api/fleet', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  });

  it('gives a cookie for it that no script and no other site has', async () => {
    expect((await guarded.ask('login', form('wrong'))).status).toBe(401);
    const { status, headers } = await guarded.ask('login', form(TOKEN));
    expect(status).toBe(303);
    const cookie = String(headers['set-cookie']);
    expect(cookie).toContain('HttpOnly; SameSite=Strict');
    expect(cookie).not.toContain(TOKEN);
    const own = { cookie: cookie.split(';')[0] ?? '' };
    expect((await guarded.ask('api/fleet', { headers: own })).status).toBe(200);
    expect(
      String(
        (await guarded.ask('login', form(TOKEN, { 'x-forwarded-proto': 'https' }))).headers['set-cookie'],
      ),
    ).toContain('; Secure');
    expect(await guarded.ask('logout', form('', own))).toMatchObject({
      status: 303,
      headers: { location: '/login' },
    });
  });

  it('takes it from a program, and no form of another site', async () => {
    expect((await guarded.ask('api/fleet', { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(
      200,
    );
    expect((await guarded.ask('login', form(TOKEN, { 'sec-fetch-site': 'cross-site' }))).status).toBe(403);
    expect((await guarded.ask('login', form(TOKEN, { origin: 'https://evil.example' }))).status).toBe(403);
    expect((await guarded.ask('login', form('x'.repeat(5_000)))).status).toBe(413);
  });

  it('is asked for by the name of the proxy before it', async () => {
    expect((await guarded.ask('login', { headers: { host: 'fleet.example' } })).status).toBe(200);
  });
});

describe('a console that cannot be', () => {
  const start = async (...args: string[]) =>
    await fleetwall(['console', ...args], { environment: environment() });

  it('is not open to others without a token', async () => {
    const { status, stderr } = await start('--listen', '0.0.0.0:0');
    expect(status).toBe(2);
    expect(stderr).toContain('--token-file');
  });

  it('has no token that is soon guessed', async () => {
    const file = join(folder, 'bad-token');
    await writeFile(file, 'short\n', { mode: 0o600 });
    const { status, stderr } = await start('--listen', '0.0.0.0:0', '--token-file', file);
    expect(status).toBe(2);
    expect(stderr).toContain('at least 16 characters');
  });

  it('says that its port is taken', async () => {
    const { port } = new URL(page.url);
    const { status, stderr } = await start('--listen', `127.0.0.1:${port}`);
    expect(status).toBe(2);
    expect(stderr).toContain('EADDRINUSE');
  });

  it('says that there is no broker', async () => {
    const ended = await fleetwall(['console'], { environment: { FLEETWALL_AMQP_URL: 'amqp://127.0.0.1:1' } });
    expect(ended.status).toBe(3);
  });
});

it('a console says what the documents have', async () => {
  const block = await documentedBlock('src/cli/README.md', '$ fleetwall console');
  const [command = '', ...told] = block.trimEnd().split('\n');
  const args = [...command.replace('$ fleetwall ', '').split(' '), '--listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...environment() },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (said += String(part)));
  const alike = (text: string) => text.replaceAll(/\d+(\.\d+)?/g, 'N').replaceAll(/(host|event)s/g, '$1');
  await vi.waitFor(() => expect(said.split('\n').map(alike)).toEqual([...told.map(alike), '']), PATIENCE);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('a console ends when it is told to', async () => {
  const short = await TestConsole.start(inject('brokerUrl'), '--since', '1h');
  expect(await short.stop('SIGINT')).toBe(0);
});
