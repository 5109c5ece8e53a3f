import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readGates } from '../../../src/gates/gates-file.ts';
import { lookAtGates } from '../../../src/gates/look-at-gates.ts';
import { fleetwall } from '../../support/command-line.ts';
import { markdownFile } from '../../support/documents.ts';
import { Fixture } from '../../support/fixture.ts';
import { freePort } from '../../support/free-ports.ts';
import type { TestHost } from '../../support/host.ts';
import { Prometheus } from '../../support/prometheus.ts';
import { WebServer } from '../../support/web-server.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const fixture = new Fixture();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-gates-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function gatesFile(gates: unknown, rest: object = {}): Promise<string> {
  const path = join(folder, 'gates.yaml');
  await writeFile(path, JSON.stringify({ gates, ...rest }));
  return path;
}

/** A command whose exit status is what was written last. */
async function script(status: number): Promise<(status: number) => Promise<void>> {
  const set = async (next: number) => await writeFile(join(folder, 'status'), String(next));
  await set(status);
  const path = join(folder, 'look.sh');
  await writeFile(path, '#!/bin/sh\necho "looked at $0"\nexit "$(cat status)"\n');
  await chmod(path, 0o755);
  return set;
}

describe('a look at a gate', () => {
  let prometheus: Prometheus;
  let server: Server;
  let site: string;

  beforeAll(async () => {
    prometheus = await Prometheus.scraping([]);
    server = createServer((request, response) => {
      const path = request.url ?? '';
      if (path.startsWith('/slow')) return;
      if (path.startsWith('/login')) return void response.writeHead(302, { location: '/elsewhere' }).end();
      if (path.startsWith('/token')) {
        return void response.writeHead(request.headers.authorization === 'Bearer s3cret' ? 200 : 401).end();
      }
      if (path.startsWith('/warns')) {
        const data = { resultType: 'scalar', result: [0, '1'] };
        return void response.end(JSON.stringify({ status: 'success', warnings: ['some is missing'], data }));
      }
      response.writeHead(path === '/broken' ? 503 : 200).end('well');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await prometheus.stop();
  });

  const many = (...values: string[]) =>
    values.map((value, index) => `label_replace(vector(${value}), "name", "n${index}", "", "")`).join(' or ');

  it('of Prometheus passes only what is within its bound', async () => {
    const cases: [query: string, bound: object, verdict: string, value: string | null][] = [
      ['1', { below: 2 }, 'pass', '1'],
      ['2', { below: 2 }, 'fail', '2'],
      ['vector(3)', { above: 2 }, 'pass', '3'],
      ['vector(2)', { above: 2 }, 'fail', '2'],
      ['vector(1) / 0', { below: 2 }, 'fail', '+Inf'],
      ['vector(-1) / 0', { below: 2 }, 'pass', '-Inf'],
      ['vector(0) / 0', { below: 2 }, 'inconclusive', 'NaN'],
      ['absent(vector(1))', { below: 2 }, 'inconclusive', null],
      [many('1', '9', '4'), { below: 5 }, 'fail', '9'],
      [many('1', '9', '4'), { above: 3 }, 'fail', '1'],
      [many('1', '0/0', '9'), { below: 5 }, 'fail', '9'],
      [many('1', '0/0', '2'), { below: 5 }, 'inconclusive', 'NaN'],
      [many('1', '4', '2'), { below: 5 }, 'pass', '4'],
      ['up[1m]', { below: 5 }, 'inconclusive', null],
      ['no query (', { below: 5 }, 'inconclusive', null],
    ];
    const gates = cases.map(([query, bound], index) => ({
      name: `${index}`,
      prometheus: { url: prometheus.url, query, ...bound },
    }));
    const looks = await lookAtGates(await readGates(await gatesFile(gates)));
    expect(looks.map(({ verdict, value }, index) => [cases[index]?.[0], verdict, value])).toEqual(
      cases.map(([query, , verdict, value]) => [query, verdict, value]),
    );
    expect(looks[8]).toMatchObject({
      wanted: 'below 5',
      reason: '9, and not below 5, the worst of 3 series {"name":"n1"}',
    });
  });

  it('that gets no plain answer says nothing, and never passes', async () => {
    await writeFile(join(folder, 'token'), 's3cret\n');
    await script(3);
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const query = '1';
    const cases: [gate: object, verdict: string, reason: RegExp][] = [
      [{ http: { url: `${site}/` } }, 'pass', /^status 200$/],
      [{ http: { url: `${site}/broken` } }, 'fail', /^status 503, and not 200$/],
      [{ http: { url: `${site}/broken`, status: 503 } }, 'pass', /^status 503$/],
      [
        { http: { url: `${site}/login` } },
        'inconclusive',
        /leads to another place \(status 302, \/elsewhere\)/,
      ],
      [{ http: { url: `${site}/slow`, timeoutSeconds: 0.2 } }, 'inconclusive', /no answer within 0.2 s/],
      [{ http: { url: nobody } }, 'inconclusive', /no answer: connect ECONNREFUSED/],
      [{ http: { url: `${site}/token`, tokenFile: 'token' } }, 'pass', /^status 200$/],
      [{ http: { url: `${site}/token`, tokenFile: 'none' } }, 'inconclusive', /ENOENT/],
      [{ prometheus: { url: `${site}/warns`, query, below: 2 } }, 'inconclusive', /some is missing/],
      [{ prometheus: { url: `${site}/login`, query, below: 2 } }, 'inconclusive', /another place/],
      [{ prometheus: { url: site, query, below: 2 } }, 'inconclusive', /not that of an instant query/],
      [{ command: ['true'] }, 'pass', /^exit status 0$/],
      [{ command: ['sh', '-c', 'echo one; echo two >&2; exit 1'] }, 'fail', /^exit status 1: two$/],
      [{ command: ['./look.sh'] }, 'inconclusive', /^exit status 3: looked at \S+\/look.sh$/],
      [{ command: ['sleep', '60'], timeoutSeconds: 0.2 }, 'inconclusive', /no end within 0.2 s/],
      [{ command: ['sh', '-c', 'kill -9 $$'] }, 'inconclusive', /ended by SIGKILL/],
      [{ command: ['./none.sh'] }, 'inconclusive', /ENOENT/],
    ];
    const path = await gatesFile(cases.map(([gate], index) => ({ name: `${index}`, ...gate })));
    const looks = await lookAtGates(await readGates(path));
    expect(looks.map(({ verdict }) => verdict)).toEqual(cases.map(([, verdict]) => verdict));
    for (const [index, { reason }] of looks.entries()) expect(reason).toMatch(cases[index]?.[2] ?? /^$/);
  });

  it('is read from the file that the page shows', async () => {
    const { text } = await markdownFile('src/cli/README.md');
    const [, shown = ''] = /^```yaml\n(gates:\n[^`]*)^```$/m.exec(text) ?? [];
    await writeFile(join(folder, 'shown.yaml'), shown);
    const { rules, gates } = await readGates(join(folder, 'shown.yaml'));
    expect(rules).toMatchObject({ everySeconds: 15, failures: 2, onInconclusive: 'pause' });
    expect(rules.names).toEqual(['error rate', 'the site answers', 'own check']);
    expect(gates[2]).toMatchObject({ command: [join(folder, 'check-edge.sh')] });
  });

  it.each([
    [[], 'must name at least one gate'],
    [
      [
        { name: 'a', command: ['true'] },
        { name: 'a', command: ['true'] },
      ],
      'must have a name of its own',
    ],
    [[{ name: 'a' }], 'must have a name and one of prometheus, http and command'],
    [[{ name: 'a', http: { url: 'ftp://x/' } }], 'must be an http or https URL'],
    [[{ name: 'a', http: { url: 'http://me:pw@x/' } }], 'a token is read from tokenFile'],
    [
      [{ name: 'a', prometheus: { url: 'http://x/', query: '1', below: 1, above: 0 } }],
      'must have one of below and above',
    ],
  ])('at a file that is not one is refused: %#', async (gates, message) => {
    await expect(readGates(await gatesFile(gates))).rejects.toThrow(message);
  });
});

describe('a rollout with gates', () => {
  let hosts: [TestHost, TestHost];
  let ports: number[];

  beforeEach(async () => {
    ports = [await freePort(), await freePort()];
    hosts = (await Promise.all(
      ports.map(
        async (port) =>
          await fixture.host('nft', { environment: { FLEETWALL_HTTP_ADDRESS: `127.0.0.1:${port}` } }),
      ),
    )) as [TestHost, TestHost];
  });

  const environment = () => ({ FLEETWALL_AMQP_URL: inject('brokerUrl'), XDG_STATE_HOME: folder });
  const edge = (address: number) =>
    `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\nCOMMIT\n`;
  const args = (id: string, ...more: string[]) => [
    ...'rollout - --name edge --confirm none --steps 1,2 --id'.split(' '),
    id,
    ...hosts.flatMap((host) => ['--host', host.id]),
    ...more,
  ];
  const rollout = async (address: number, id: string, ...more: string[]) =>
    await fleetwall(args(id, ...more), { input: edge(address), environment: environment() });
  /** One that runs on, with what it has told so far. */
  function begin(
    address: number,
    id: string,
    ...more: string[]
  ): { child: ChildProcess; told: () => string } {
    const child = spawn(process.execPath, [MAIN, ...args(id, ...more)], {
      env: { PATH: process.env['PATH'], ...environment() },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.end(edge(address));
    let told = '';
    child.stderr.on('data', (chunk) => (told += String(chunk)));
    return { child, told: () => told };
  }
  const run = async (...more: string[]) => await fleetwall(more, { environment: environment() });
  const live = async () =>
    await Promise.all(
      hosts.map(async ({ namespace }) => /192\.0\.2\.(\d+)/.exec(await namespace.save())?.[1] ?? null),
    );

  it('is stopped at its first host by what Prometheus sees of it, and taken back', async () => {
    const prometheus = await Prometheus.scraping(ports.map((port) => `127.0.0.1:${port}`));
    try {
      expect((await rollout(1, `before-${hosts[0].id}`)).status).toBe(0);
      const query = 'max(fleetwall_ruleset_revision{ruleset="edge"})';
      await expect
        .poll(async () => (await prometheus.query(query))[0]?.value[1], { timeout: 20_000 })
        .toBe('1');
      const gate = { name: 'revisions', prometheus: { url: prometheus.url, query, below: 2 } };
      const gates = await gatesFile([gate], { every: 0.5, failures: 2 });
      const id = `gate-${hosts[0].id}`;
      const more = ['--gates', gates, '--soak', '60', '--on-failure', 'rollback'];
      const { status, stdout } = await rollout(2, id, ...more);
      expect(status).toBe(1);
      expect(stdout).toMatch(/stopped: gate "revisions" failed at \S+: 2, and not below 2\n/);
      expect(stdout).toContain('1 rolled_back, 1 not_started');
      expect(await live()).toEqual(['1', '1']);
      const told = JSON.parse((await run('rollout', 'status', id, '--json')).stdout) as {
        gates: { looks: { verdict: string; value: string }[] }[];
      };
      const looks = told.gates[0]?.looks ?? [];
      expect(looks[0]).toMatchObject({ verdict: 'pass', value: '1' });
      expect(looks.slice(-2)).toMatchObject([{ verdict: 'fail', value: '2' }, { verdict: 'fail' }]);
      expect((await run('rollout', 'status', id)).stdout).toContain(
        'gate "revisions": fail, 2, and not below 2',
      );
    } finally {
      await prometheus.stop();
    }
  });

  it('is stopped at its first host by a web server that it cuts off, which Prometheus says, and taken back', async () => {
    const sites = await Promise.all(hosts.map(async ({ namespace }) => await WebServer.start(namespace)));
    const targets = [...ports.map((port) => `127.0.0.1:${port}`), ...sites.map(({ address }) => address)];
    const prometheus = await Prometheus.scraping(targets);
    try {
      const up = async () => (await prometheus.query('sum(up)'))[0]?.value[1];
      await expect.poll(up, { timeout: 30_000 }).toBe('4');
      const gate = { name: 'all is up', prometheus: { url: prometheus.url, query: 'min(up)', above: 0 } };
      const gates = await gatesFile([gate], { every: 0.5, failures: 2 });
      const cut = `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -p tcp --dport ${WebServer.PORT} -j DROP\nCOMMIT\n`;
      const id = `site-${hosts[0].id}`;
      const before = await hosts[0].namespace.save();
      const more = ['--gates', gates, '--soak', '60', '--on-failure', 'rollback'];
      const { status, stdout } = await fleetwall(args(id, ...more), {
        input: cut,
        environment: environment(),
      });
      expect(stdout).toMatch(/stopped: gate "all is up" failed at \S+: 0, and not above 0\n/);
      expect(stdout).toContain('1 rolled_back, 1 not_started');
      expect(status).toBe(1);
      expect(await hosts[0].namespace.save()).toBe(before);
      expect((await fetch(`http://${sites[0]?.address}/metrics`)).status).toBe(200);
      const told = (await run('rollout', 'status', id)).stdout;
      expect(told).toMatch(/\n {4}\d\d:\d\d:\d\d pass 1.*, \d\d:\d\d:\d\d fail 0 \(2 looks\)\n/);
      expect(told).toContain(`step 1  done  ${hosts[0].id}\nstep 2  not_started  ${hosts[1].id}\n`);
    } finally {
      await prometheus.stop();
      await Promise.all(sites.map(async (site) => await site.stop()));
    }
  });

  it('is as careful when its hosts are taken again: the same steps and gates, but for what is said anew', async () => {
    const set = await script(0);
    const gates = await gatesFile([{ name: 'own', command: ['./look.sh'] }], { every: 0.3, failures: 1 });
    const id = `first-${hosts[0].id}`;
    const more = ['--gates', gates, '--soak', '30', '--on-failure', 'rollback'];
    const { child } = begin(1, id, ...more);
    const ended = once(child, 'exit');
    await expect.poll(live, { timeout: 30_000 }).toEqual(['1', null]);
    await set(1);
    expect(await ended).toEqual([1, null]);
    expect(await live()).toEqual([null, null]);

    const retry = async (stateHome: string, ...others: string[]) =>
      await fleetwall(
        ['rollout', '-', '--name', 'edge', '--confirm', 'none', '--retry-failed', id, '--yes', ...others],
        { input: edge(1), environment: { ...environment(), XDG_STATE_HOME: stateHome } },
      );
    const shut = await retry(folder);
    expect(shut.stderr).toContain('nothing was begun: gate "own" (fail)');
    expect(shut.status).toBe(1);
    const stranger = await retry(join(folder, 'elsewhere'));
    expect(stranger.status).toBe(2);
    expect(stranger.stderr).toContain(`rollout ${id} had gates (own)`);
    expect(await live()).toEqual([null, null]);
    await set(0);
    const plan = await retry(folder, '--dry-run');
    expect(plan.stdout).toMatch(/^steps: to 1, 2 of 2 hosts, 30 s apart$/m);
    expect(plan.stdout).toContain('beyond that it stops and is taken back');
    const again = await retry(folder, '--soak', '0', '--id', `again-${hosts[0].id}`);
    expect(again.status).toBe(0);
    expect(await live()).toEqual(['1', '1']);
    const told = JSON.parse(
      (await run('rollout', 'status', `again-${hosts[0].id}`, '--json')).stdout,
    ) as object;
    expect(told).toMatchObject({ status: 'completed', gates: [{ name: 'own' }] });
  });

  it('does not begin where one is shut', async () => {
    await script(1);
    const gates = await gatesFile([{ name: 'own', command: ['./look.sh'] }]);
    const id = `shut-${hosts[0].id}`;
    const { status, stderr } = await rollout(1, id, '--gates', gates);
    expect(status).toBe(1);
    expect(stderr).toContain('nothing was begun: gate "own" (fail): exit status 1: looked at');
    expect((await run('rollout', 'status', id)).stderr).toContain(`there is no rollout ${id}`);
    expect(await live()).toEqual([null, null]);
  });

  it.each([
    ['before its first step while one says nothing', 'exit 7'],
    ['while one is looked at', 'exec sleep 600'],
  ])('is told to stop %s, and has sent nothing', async (_, looks) => {
    const gates = await gatesFile([
      { name: 'own', command: ['sh', '-c', `touch looks; ${looks}`], timeoutSeconds: 300 },
    ]);
    const id = `stopped-${hosts[0].id}`;
    const { child, told } = begin(1, id, '--gates', gates);
    if (looks === 'exit 7') await expect.poll(told, { timeout: 30_000 }).toContain('exit status 7');
    else await expect.poll(() => existsSync(join(folder, 'looks')), { timeout: 30_000 }).toBe(true);
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(143);
    expect(told()).toContain('interrupted; no host was sent anything');
    expect((await run('rollout', 'status', id)).stderr).toContain(`there is no rollout ${id}`);
    expect(await live()).toEqual([null, null]);
  });

  it('waits while one says nothing, and is gone on with once it does', async () => {
    const set = await script(0);
    const gates = await gatesFile([{ name: 'own', command: ['./look.sh'] }], { every: 0.3 });
    const id = `held-${hosts[0].id}`;
    const { child, told } = begin(1, id, '--gates', gates, '--soak', '1');
    await expect.poll(live, { timeout: 30_000 }).toEqual(['1', null]);
    await set(7);
    await expect.poll(told, { timeout: 30_000 }).toContain('begins no more hosts while a gate says nothing');
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1);
    expect(told()).toContain(`fleetwall rollout resume ${id} --gates ${gates}`);
    await set(0);
    const other = await fleetwall(['rollout', 'resume', id], {
      environment: { ...environment(), XDG_STATE_HOME: join(folder, 'other') },
    });
    expect(other).toMatchObject({ status: 2 });
    expect(other.stderr).toContain('give their file (--gates FILE)');
    expect((await run('rollout', 'resume', id)).status).toBe(0);
    expect(await live()).toEqual(['1', '1']);
  });

  it('counts a host as failed that drifts, is taken back, or goes offline in a soak', async () => {
    const [host] = hosts;
    const cases: [name: string, harm: () => Promise<unknown>, told: string][] = [
      ['drift', async () => await host.namespace.iptables('-F', 'edge'), 'drifted'],
      ['back', async () => await run('remove', 'edge', '--host', host.id), 'was taken back'],
      ['lost', async () => await host.end('SIGTERM'), 'went offline'],
    ];
    for (const [index, [name, harm, told]] of cases.entries()) {
      const id = `${name}-${host.id}`;
      const ended = rollout(index + 1, id, '--soak', '60');
      await expect
        .poll(async () => (await run('rollout', 'status', id)).stdout, { timeout: 30_000 })
        .toContain('its soak');
      await harm();
      const { status, stdout } = await ended;
      expect(status).toBe(1);
      expect(stdout).toContain('1 of 2 hosts failed, and no more than 0 may');
      const { stdout: shown } = await run('rollout', 'status', id);
      expect(shown).toContain(`failed  ${host.id}  ${told} after the change`);
    }
  });

  it('shows its steps beforehand, waits for its time, and keeps to a freeze', async () => {
    const dry = await rollout(1, 'dry', '--dry-run');
    expect(dry.stdout).toContain(`step 1  ${hosts[0].id}\nstep 2  ${hosts[1].id}\n`);
    const settings = join(folder, 'operator.yaml');
    const [from, to] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)].map((time) =>
      time.toISOString(),
    );
    await writeFile(settings, JSON.stringify({ freeze: [{ from, to, reason: 'the year ends' }] }));
    const frozen = { input: edge(1), environment: { ...environment(), FLEETWALL_OPERATOR_CONFIG: settings } };
    const held = await fleetwall(args(`frozen-${hosts[0].id}`), frozen);
    expect(held).toMatchObject({ status: 2 });
    expect(held.stderr).toContain(`there is a freeze until ${to}: the year ends`);
    expect(await live()).toEqual([null, null]);
    const soon = new Date(Date.now() + 3_000);
    const id = `burns-${hosts[0].id}`;
    const done = await fleetwall(
      args(id, '--override-freeze', 'it burns', '--not-before', soon.toISOString()),
      frozen,
    );
    expect(done.status).toBe(0);
    expect(done.stderr).toContain(`waits until ${soon.toISOString()} to begin`);
    expect(Date.now()).toBeGreaterThanOrEqual(soon.getTime());
    expect((await run('rollout', 'status', id)).stdout).toContain('begun in a freeze: it burns');
  });
});
