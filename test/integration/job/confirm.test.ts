import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
const OTHER = EDGE.replaceAll('edge', 'other');

async function answer(client: TestClient, host: TestHost, kind: 'confirm' | 'abort' | 'ping', jobId: string) {
  const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
  await client.publish(host.id, { id, apiVersion, issuedAt, target, kind, jobId }, {}, CONTROL_EXCHANGE);
}

async function pushManually(timeoutSeconds: number) {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const before = await host.namespace.save();
  const confirm = { mode: 'manual', timeoutSeconds };
  const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE }, confirm });
  await client.publish(host.id, job);
  const { event } = await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  return { host, client, before, job, event };
}

describe('a job that a person has to confirm', () => {
  it('reports that it waits, until when, and with what change; the change stays once it is confirmed', async () => {
    const { host, client, before, job, event } = await pushManually(60);
    expect(event).toMatchObject({
      subject: job.id,
      data: { jobId: job.id, mode: 'manual', ruleset: { name: 'edge', revision: 1 }, diff: { added: 2 } },
    });
    const live = await host.namespace.save();
    expect(live).not.toBe(before);
    await answer(client, host, 'confirm', job.id);
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'applied',
      ruleset: { liveRevision: 1 },
      rollback: { performed: false },
    });
    expect(await host.namespace.save()).toBe(live);
  });

  it('is taken back at once when it is aborted, and no other message counts as an answer', async () => {
    const { host, client, before, job } = await pushManually(60);
    await answer(client, host, 'abort', makeJob(host.id, {}).id);
    await host.logged('No job waits for this control message');
    expect(client.completions(job.id)).toEqual([]);
    await answer(client, host, 'abort', job.id);
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'aborted', stage: 'confirm' },
      rollback: { performed: true, reason: 'aborted', verified: true },
    });
    expect(await host.namespace.save()).toBe(before);
  });

  it('is taken back when nobody answers, and the next job waits for its turn', async () => {
    const { host, client, before, job } = await pushManually(2);
    const next = makeJob(host.id, { ruleset: { name: 'other', revision: 1, ipv4: OTHER } });
    await client.publish(host.id, next);
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout', stage: 'confirm' },
    });
    expect((await client.completed(next.id)).data.outcome).toBe('applied');
    const live = await host.namespace.save();
    expect(live).not.toContain('edge');
    expect(live.replaceAll(/^.*\bother\b.*\n/gm, '')).toBe(
      `${before}*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n`,
    );
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on waiting in the next worker after a %s',
    async (signal) => {
      const { host, client, job } = await pushManually(120);
      const live = await host.namespace.save();
      await host.end(signal);
      expect(await host.namespace.save()).toBe(live);
      // An answer that comes while no worker runs counts, too.
      await answer(client, host, 'confirm', job.id);
      await host.start();
      expect((await client.completed(job.id)).data).toMatchObject({
        outcome: 'applied',
        ruleset: { liveRevision: 1 },
      });
      expect(client.completions(job.id)).toHaveLength(1);
      expect(await host.namespace.save()).toBe(live);
    },
  );

  it('is shown by the next worker as waiting, and no other job is run before it ends', async () => {
    const { host, client, before, job } = await pushManually(120);
    await host.end('SIGKILL');
    const since = client.heard.length;
    await host.start();
    const next = makeJob(host.id, { ruleset: { name: 'other', revision: 1, ipv4: OTHER } });
    await client.publish(host.id, next);
    const { event } = await client.event(host.id, 'fleetwall.worker.online', since);
    expect(event.data).toMatchObject({ pending: job.id });
    await sleep(500);
    expect(client.completions(next.id)).toEqual([]);
    await answer(client, host, 'abort', job.id);
    expect((await client.completed(job.id)).data.failure?.code).toBe('aborted');
    expect((await client.completed(next.id)).data.outcome).toBe('applied');
    expect(await host.namespace.save()).not.toBe(before);
  });

  it('is not waited for when nothing of it is live any more, as in a new namespace with the number of the old one', async () => {
    const { host, client, before, job } = await pushManually(120);
    await host.end('SIGKILL');
    await host.namespace.run('nft', ['flush', 'ruleset']);
    await host.start();
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'worker_restarted', message: expect.stringContaining('its rules are gone') },
    });
    expect(await host.namespace.save()).toBe(before);
    // Nobody is told that it waits.
    const since = client.heard.length;
    await answer(client, host, 'ping', job.id);
    const { event } = await client.event(host.id, 'fleetwall.worker.heartbeat', since);
    expect(event.data).toMatchObject({ pending: null });
  });

  it('is taken back by a worker that is started after its window is over', async () => {
    const { host, client, before, job } = await pushManually(1);
    await host.end('SIGKILL');
    await sleep(1_500);
    await host.start();
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout' },
      rollback: { verified: true },
    });
    expect(await host.namespace.save()).toBe(before);
  });

  it('is taken back by the watchdog when its window is over, if no worker is started again', async () => {
    const { host, client, before, job } = await pushManually(3);
    const live = await host.namespace.save();
    await host.end('SIGKILL');
    expect(await host.namespace.save()).toBe(live);
    const deadline = Date.now() + 30_000;
    while ((await host.namespace.save()) !== before && Date.now() < deadline) await sleep(100);
    expect(await host.namespace.save()).toBe(before);
    await host.start();
    expect((await client.completed(job.id)).data.failure?.code).toBe('confirm_timeout');
    expect(client.completions(job.id)).toHaveLength(1);
  });
});

describe('a step of the clock', () => {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const skewed = (ms: number) => ({
    NODE_OPTIONS: `--import ${join(import.meta.dirname, '../../support/skew-clock.mjs')}`,
    FLEETWALL_TEST_SKEW_MS: String(ms),
  });

  it('by a day into the future does not close the window', async () => {
    const { host, client, job } = await pushManually(600);
    await host.end('SIGKILL');
    await host.start(skewed(DAY_MS));
    await host.logged('Waiting to be confirmed');
    await sleep(1_000);
    expect(client.completions(job.id)).toEqual([]);
    await answer(client, host, 'confirm', job.id);
    expect((await client.completed(job.id)).data.outcome).toBe('applied');
  });

  it('by a day into the past does not keep it open', async () => {
    const { host, client, before, job } = await pushManually(1);
    await host.end('SIGKILL');
    await sleep(1_500);
    await host.start(skewed(-DAY_MS));
    expect((await client.completed(job.id)).data.failure?.code).toBe('confirm_timeout');
    expect(await host.namespace.save()).toBe(before);
  });

  it('into the past, with a restart, lets no job run that has expired', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const run = async (revision: number, expiresAt: Date) => {
      const ruleset = { name: 'edge', revision, ipv4: EDGE };
      const fields = { ruleset, confirm: { mode: 'none' }, expiresAt: expiresAt.toISOString() };
      return (await client.run(host.id, fields)).data.outcome;
    };
    const hour = 60 * 60 * 1000;
    const now = Date.now();
    expect(await run(1, new Date(now + hour))).toBe('applied');
    await host.end();
    await host.start(skewed(-2 * hour));
    expect(await run(2, new Date(now - hour))).toBe('expired');
    expect(await run(2, new Date(now + hour))).toBe('unchanged');
    await host.logged('The clock of this host is behind');
  });
});

describe("the host's own probes", () => {
  const PORT = 8080;
  const SERVER = `
require('node:http').createServer((request, response) => {
  response.statusCode = request.url === '/well' ? 200 : 503;
  response.end();
}).listen(${PORT}, '127.0.0.1', () => console.log('listening'));
`;

  /** A host with a web server in its namespace; its probes can be chosen. */
  async function hostWithServer() {
    const host = await fixture.host('nft', { wait: false });
    await host.end('SIGKILL');
    const command = [`--net=/run/netns/${host.namespace.name}`, '--', process.execPath, '-e', SERVER];
    const server = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    const file = join(host.folder, 'probes.yaml');
    const start = async (...probes: string[]) => {
      await writeFile(file, `probes: [${probes.join(', ')}]\n`);
      await host.start({ FLEETWALL_PROBES: file });
    };
    return { host, server, start };
  }

  it('have to succeed from the managed namespace; else the change is taken back, and the event names what failed', async () => {
    const { host, server, start } = await hostWithServer();
    await start(
      '{ name: loopback, icmp: 127.0.0.1, timeoutSeconds: 1 }',
      `{ name: page, http: "http://127.0.0.1:${PORT}/ill" }`,
      `{ tcp: "127.0.0.1:${PORT}" }`,
      '{ tcp: "127.0.0.1:9", timeoutSeconds: 1 }',
    );
    const client = await fixture.client();
    const before = await host.namespace.save();
    const ruleset = { name: 'edge', revision: 1, ipv4: EDGE };
    const { data } = await client.run(host.id, { ruleset, confirm: { mode: 'probe', timeoutSeconds: 2 } });
    expect(data).toMatchObject({ outcome: 'rolled_back', failure: { code: 'probe_failed' } });
    const message = data.failure?.message ?? '';
    expect(message.match(/probe "[^"]+" failed/g)).toEqual([
      'probe "page" failed',
      'probe "tcp 127.0.0.1:9" failed',
    ]);
    expect(message).toContain('the answer was 503');
    expect(message).toContain('ECONNREFUSED');
    expect(await host.namespace.save()).toBe(before);
    server.kill();
  });

  it('let a change stay if all succeed after it, and take it back if one does not', async () => {
    const { host, server, start } = await hostWithServer();
    await start(`{ http: "http://127.0.0.1:${PORT}/well" }`, '{ icmp: 127.0.0.1, timeoutSeconds: 1 }');
    const client = await fixture.client();
    const confirm = { mode: 'probe', timeoutSeconds: 2 };
    const good = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE }, confirm });
    expect(good.data.outcome).toBe('applied');
    const live = await host.namespace.save();
    const ipv4 = EDGE.replace('-s 192.0.2.1/32', '-p icmp --icmp-type echo-request');
    const bad = await client.run(host.id, { ruleset: { name: 'edge', revision: 2, ipv4 }, confirm });
    expect(bad.data).toMatchObject({ outcome: 'rolled_back', failure: { code: 'probe_failed' } });
    expect(bad.data.failure?.message).toContain('probe "icmp 127.0.0.1" failed');
    expect(bad.data.failure?.message).not.toContain('http');
    expect(await host.namespace.save()).toBe(live);
    server.kill();
  });

  it('that cannot be read keep the worker from starting, and it says where they are wrong', async () => {
    const { host, server } = await hostWithServer();
    const file = join(host.folder, 'probes.yaml');
    await writeFile(file, 'probes: [{ udp: 127.0.0.1 }]\n');
    host.spawn({ FLEETWALL_PROBES: file });
    expect(await host.ended()).toBe(2);
    expect(await host.log()).toMatch(/probes\.yaml: probes\.0: .*must have one of tcp, http and icmp/);
    server.kill();
  });
});
