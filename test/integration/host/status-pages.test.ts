import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { StatusReader } from '../../support/metrics.ts';
import { BACKENDS, mostlyWith } from '../../support/namespace.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const fixture = new Fixture();
const EDGE =
  '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\n-A edge -s 192.0.2.2/32 -j DROP\nCOMMIT\n';
const ALL_WELL = { broker: 'ok', consuming: 'ok', lock: 'ok', backend: 'ok', state: 'ok' };

async function watched(backend: 'nft' | 'legacy', environment: Record<string, string> = {}) {
  const pages = await StatusReader.choose();
  const host = await fixture.host(backend, { environment: { ...pages.environment, ...environment } });
  return { pages, host, client: await fixture.client() };
}

describe.each(mostlyWith('nft'))('the metrics of a worker, %s', (backend) => {
  it('say the same as its events, its state and the kernel', async () => {
    const { pages, host, client } = await watched(backend, { FLEETWALL_DRIFT_INTERVAL_SECONDS: '3600' });
    const run = async (fields: object) => (await client.run(host.id, fields)).data;
    const ruleset = { name: 'edge', revision: 3, ipv4: EDGE };
    const confirm = { mode: 'probe', timeoutSeconds: 10 };
    expect((await run({ ruleset, confirm })).outcome).toBe('applied');
    expect((await run({ ruleset })).outcome).toBe('unchanged');
    expect((await run({ ruleset: { ...ruleset, revision: 2 } })).failure?.code).toBe('revision_stale');
    const bad = EDGE.replace('-s 192.0.2.1/32', '-p tcp --dport 99999');
    expect((await run({ ruleset: { ...ruleset, revision: 4, ipv4: bad } })).outcome).toBe('failed');
    await client.publish(host.id, { id: 'no job', of: 'ours' });

    const jobs = 'fleetwall_jobs_total';
    const seen = async () => await pages.samples();
    await expect
      .poll(async () =>
        (await seen()).get(`${jobs}{action="unknown",outcome="rejected",code="job_malformed"}`),
      )
      .toBe(1);
    const samples = await seen();
    const expected = {
      [`${jobs}{action="apply",outcome="applied",code=""}`]: 1,
      [`${jobs}{action="apply",outcome="unchanged",code=""}`]: 1,
      [`${jobs}{action="apply",outcome="rejected",code="revision_stale"}`]: 1,
      [`${jobs}{action="apply",outcome="failed",code="rule_rejected"}`]: 1,
      'fleetwall_job_stage_duration_seconds_count{stage="apply"}': 1,
      'fleetwall_job_duration_seconds_count{action="apply"}': 4,
      'fleetwall_confirmation_windows_total{mode="probe"}': 1,
      fleetwall_confirmation_window_open: 0,
      'fleetwall_ruleset_revision{ruleset="edge"}': 3,
      'fleetwall_rules{family="ipv4",table="filter"}': 3,
      'fleetwall_chains{family="ipv4",table="filter"}': 4,
      'fleetwall_iptables_calls_total{operation="restore",family="ipv4",result="ok"}': 1,
      fleetwall_broker_connected: 1,
      fleetwall_broker_consuming: 1,
      fleetwall_broker_reconnects_total: 0,
      fleetwall_outbox_events: 0,
      fleetwall_jobs_waiting: 0,
      fleetwall_job_running_seconds: 0,
      fleetwall_drift_detected_total: 0,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(
      expected,
    );
    expect(await pages.text()).toMatch(
      new RegExp(`^fleetwall_build_info\\{version="[^"]+",backend="${backend}",iptables="1\\.8`, 'm'),
    );
  });

  it('count drift and its repair', async () => {
    const { pages, host, client } = await watched(backend, {
      FLEETWALL_DRIFT_INTERVAL_SECONDS: '0.5',
      FLEETWALL_DRIFT: 'repair',
    });
    await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE } });
    await host.namespace.iptables('-D', 'edge', '2');
    await client.event(host.id, 'fleetwall.drift.repaired');
    const samples = await pages.samples();
    expect(samples.get('fleetwall_drift_detected_total')).toBe(1);
    expect(samples.get('fleetwall_drift_repaired_total')).toBe(1);
    await expect
      .poll(async () => (await pages.samples()).get('fleetwall_ruleset_in_sync{ruleset="edge"}'))
      .toBe(1);
  });
});

it('the metrics have the form that Prometheus wants', async () => {
  const { pages, host, client } = await watched('nft');
  await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE } });
  // Only our own metrics, as prom-client has chosen the names of the default ones.
  const own = (await pages.text()).split('\n').filter((line) => /^(# \w+ )?fleetwall_/.test(line));
  const { stdout, stderr } = await execa('promtool', ['check', 'metrics'], { input: `${own.join('\n')}\n` });
  expect(`${stdout}${stderr}`).toBe('');
});

it('the status pages can be read at their paths only, and cannot be written', async () => {
  const { pages } = await watched('nft');
  expect((await pages.get('/healthz', 'POST')).status).toBe(405);
  expect(await pages.json('/')).toMatchObject({ status: 404 });
  expect(await pages.json('/healthz?verbose')).toEqual({
    status: 200,
    body: { status: 'ok', checks: { job: 'ok' } },
  });
  const taken = await fixture.host('nft', { environment: pages.environment, wait: false });
  expect(await taken.ended()).toBe(2);
  expect(await taken.log()).toMatch(
    /cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\): correct FLEETWALL_HTTP_ADDRESS/,
  );
});

describe('the readiness of a worker', () => {
  it.each(BACKENDS)('is ok when it can do a job: %s', async (backend) => {
    const { pages } = await watched(backend);
    await expect
      .poll(async () => await pages.json('/readyz'))
      .toEqual({ status: 200, body: { status: 'ok', checks: ALL_WELL } });
  });

  it('fails while its broker is away, although the worker counts as alive', async () => {
    const broker = await Rabbitmq.start();
    const pages = await StatusReader.choose();
    const host = await fixture.host('nft', {
      brokerUrl: broker.url,
      environment: pages.environment,
      wait: false,
    });
    try {
      const isReady = async () => (await pages.json('/readyz').catch(() => null))?.status;
      await expect.poll(isReady, { timeout: 30_000 }).toBe(200);
      await broker.kill();
      await expect.poll(isReady, { timeout: 30_000 }).toBe(503);
      expect((await pages.json('/readyz')).body).toMatchObject({
        status: 'failed',
        checks: { broker: expect.stringContaining('no connection'), backend: 'ok', lock: 'ok' },
      });
      expect((await pages.json('/healthz')).status).toBe(200);
      expect((await pages.samples()).get('fleetwall_broker_connected')).toBe(0);
      await broker.restart();
      await expect.poll(isReady, { timeout: 60_000 }).toBe(200);
      expect((await pages.samples()).get('fleetwall_broker_reconnects_total')).toBe(1);
    } finally {
      await host.end();
      await broker.stop();
    }
  });

  it('fails while somebody else has the lock', async () => {
    const { pages, host } = await watched('nft');
    await expect.poll(async () => (await pages.json('/readyz')).status, { timeout: 10_000 }).toBe(200);
    const lockFile = await lockFileOf(host);
    const holder = spawn('flock', [lockFile, 'sleep', '600'], { detached: true });
    try {
      await expect.poll(async () => (await pages.json('/readyz')).status, { timeout: 10_000 }).toBe(503);
      expect((await pages.json('/readyz')).body).toMatchObject({
        checks: { ...ALL_WELL, lock: expect.stringContaining('the rules were locked') },
      });
    } finally {
      process.kill(-(holder.pid ?? 0));
      await once(holder, 'exit');
    }
    await expect.poll(async () => (await pages.json('/readyz')).status, { timeout: 10_000 }).toBe(200);
  });

  it('fails without the right to read the rules', async () => {
    const pages = await StatusReader.choose();
    const environment = { ...pages.environment, FLEETWALL_DRIFT: 'off' };
    const wrapper = ['/usr/bin/setpriv', '--inh-caps=-all', '--bounding-set=-all'];
    const host = await fixture.host('nft', { environment, wrapper, inside: true, wait: false });
    await host.logged('Worker started');
    // The worker listens in the network namespace in which it runs.
    const url = `http://127.0.0.1:${pages.port}/readyz`;
    const script = `fetch('${url}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
    expect(JSON.parse(await host.namespace.run(process.execPath, ['-e', script]))).toMatchObject({
      checks: { backend: expect.stringMatching(/permission|root/i), lock: 'ok' },
    });
  });
});

describe('the pages of a worker', () => {
  it('are had although others keep more connections open than it serves, and say nothing', async () => {
    const { pages } = await watched('nft');
    const idle = Array.from({ length: 100 }, () => connect({ host: '127.0.0.1', port: pages.port }));
    await Promise.all(idle.map(async (socket) => await once(socket, 'connect')));
    idle[99]?.write('GET /healthz HTTP/1.1\r\nHost: ');
    for (const socket of idle) socket.on('error', () => {});
    expect(await pages.json('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    for (const socket of idle) socket.destroy();
  });

  it('are for programs of its host where it listens there, whatever name leads to it', async () => {
    const { pages } = await watched('nft');
    const statusFor = async (name: string) => {
      const asked = request({ port: pages.port, path: '/healthz', headers: { host: name } }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    for (const name of ['127.0.0.1', `localhost:${pages.port}`, '127.0.0.1:80']) {
      expect(await statusFor(name)).toBe(200);
    }
    for (const name of ['rebound.example', '127.0.0.1.example', '10.0.0.1']) {
      expect(await statusFor(name)).toBe(421);
    }
  });
});

async function lockFileOf(host: TestHost): Promise<string> {
  const { stdout } = await execa('ls', [host.runDir]);
  return join(host.runDir, stdout.split('\n').find((name) => /^netns-\d+\.lock$/.test(name)) ?? '');
}
