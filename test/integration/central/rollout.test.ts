import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { FleetClient } from '../../../src/central/fleet-client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const fixture = new Fixture();
const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const HOSTS = 5;

function edge(address: number, more = ''): string {
  return `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\n${more}COMMIT\n`;
}

interface Summary {
  summary: Record<string, number>;
  hosts: Record<string, string>;
  stopped: boolean;
}

describe('a rollout', () => {
  let hosts: TestHost[];

  beforeEach(async () => {
    hosts = await Promise.all(Array.from({ length: HOSTS }, async () => await fixture.host('nft')));
  });

  const flags = () => hosts.flatMap(({ id }) => ['--host', id]);
  const environment = () => ({ FLEETWALL_AMQP_URL: inject('brokerUrl') });
  const run = async (args: string[], input = '') =>
    await fleetwall(['rollout', ...args], { input, environment: environment() });
  const start = (...args: string[]) => [
    '-',
    '--name',
    'edge',
    ...flags(),
    '--confirm',
    'none',
    '--json',
    ...args,
  ];
  const summaryOf = (stdout: string) => JSON.parse(stdout.split('\n').at(-1) ?? '') as Summary;
  const live = async () =>
    await Promise.all(
      hosts.map(async ({ namespace }) => /192\.0\.2\.(\d+)/.exec(await namespace.save())?.[1] ?? null),
    );

  it('goes step by step, each when the one before is done', async () => {
    const { status, stdout } = await run(start('--steps', '1,50%,100%', '--soak', '1'), edge(1));
    expect(status).toBe(0);
    expect(summaryOf(stdout)).toEqual({
      summary: { applied: 5 },
      hosts: Object.fromEntries(hosts.map(({ id }) => [id, 'applied'])),
      stopped: false,
    });
    const events = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string; data: { hosts?: string[]; hostId?: string } });
    const steps = events
      .filter(({ type }) => type === 'fleetwall.rollout.step')
      .map(({ data }) => data.hosts);
    expect(steps).toEqual([[0], [1, 2], [3, 4]].map((own) => own.map((index) => hosts[index]?.id)));
    // Nobody of a later step has begun before all of the one before have ended.
    const order = events.flatMap(({ type, data }) => (type.startsWith('fleetwall.job') ? [data.hostId] : []));
    expect(order.lastIndexOf(hosts[0]?.id)).toBeLessThan(order.indexOf(hosts[1]?.id));
    expect(await live()).toEqual(['1', '1', '1', '1', '1']);
  });

  it('stops at the canary, and the others are not begun', async () => {
    const bad = edge(2, '-A edge -p tcp --dport 99999 -j ACCEPT\n');
    const { status, stdout } = await run(start('--steps', '1,100%'), bad);
    expect(status).toBe(1);
    expect(summaryOf(stdout)).toMatchObject({ summary: { failed: 1, not_started: 4 }, stopped: true });
    expect(await live()).toEqual([null, null, null, null, null]);
  });

  it('takes back what was done when too many fail, the newest first', async () => {
    // Two have had something before, and go back to it; the others are rid of the ruleset again.
    const before = await fleetwall(
      ['push', '-', '--name', 'edge', '--confirm', 'none', ...flags().slice(0, 4)],
      { input: edge(1), environment: environment() },
    );
    expect(before.status).toBe(0);
    const last = hosts.at(-1);
    await last?.namespace.iptables('-N', 'edge');
    const { status, stdout } = await run(start('--steps', '1,3,100%', '--on-failure', 'rollback'), edge(2));
    expect(status).toBe(1);
    const { hosts: ends, stopped } = summaryOf(stdout);
    expect(stopped).toBe(true);
    expect(ends[last?.id ?? '']).toBe('failed');
    expect(Object.values(ends).filter((end) => end === 'rolled_back')).toHaveLength(4);
    expect(await live()).toEqual(['1', '1', null, null, null]);
    const undone = stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { type?: string; data?: { hostId: string; action: string } })
      .filter(({ type, data }) => type === 'fleetwall.job.completed' && data?.action !== 'apply')
      .map(({ data }) => hosts.findIndex(({ id }) => id === data?.hostId));
    expect(undone.at(-1)).toBe(0);
  });

  it('that was taken back is so, too, on a host that hears of it only later', async () => {
    const before = await fleetwall(
      ['push', '-', '--name', 'edge', '--confirm', 'none', ...flags().slice(0, 4)],
      { input: edge(1), environment: environment() },
    );
    expect(before.status).toBe(0);
    const away = hosts.slice(0, 3);
    await Promise.all(away.map(async (host) => await host.end('SIGKILL')));
    const { status, stdout } = await run(
      start('--steps', '4,100%', '--timeout', '2', '--on-failure', 'rollback'),
      edge(2),
    );
    expect(status).toBe(1);
    expect(summaryOf(stdout)).toMatchObject({
      summary: { silent: 3, rolled_back: 1, not_started: 1 },
      stopped: true,
    });
    const client = await fixture.client();
    const ends = () =>
      client.heard.flatMap(({ event }) =>
        event.type === 'fleetwall.job.completed' && event.data.action === 'remove' ? [event.data.hostId] : [],
      );
    await Promise.all(away.map(async (host) => await host.start()));
    await expect.poll(() => away.every(({ id }) => ends().includes(id)), { timeout: 20_000 }).toBe(true);
    expect(await live()).toEqual(['1', '1', null, null, null]);
  });

  it('goes on over failures where that is wanted, and counts those that are silent or have no queue', async () => {
    await hosts[1]?.end('SIGKILL');
    await hosts[2]?.namespace.iptables('-N', 'edge');
    const { status, stdout } = await run(
      start('--steps', '1,2,100%', '--on-failure', 'continue', '--timeout', '3', '--host', 'never-there'),
      edge(1),
    );
    expect(status).toBe(1);
    expect(summaryOf(stdout)).toMatchObject({
      summary: { applied: 3, silent: 1, failed: 1, unroutable: 1 },
      stopped: false,
    });
  });

  it('has budgets: with one for the silent it goes on over one, and not over two', async () => {
    await hosts[0]?.end('SIGKILL');
    await hosts[2]?.end('SIGKILL');
    const { status, stdout } = await run(
      start('--steps', '1,2,3,100%', '--timeout', '2', '--max-silent', '20%'),
      edge(1),
    );
    expect(status).toBe(4);
    expect(summaryOf(stdout)).toMatchObject({
      summary: { applied: 1, silent: 2, not_started: 2 },
      stopped: true,
    });
  });

  describe('that is run by a process', () => {
    const running: ChildProcess[] = [];
    afterEach(() => {
      for (const process of running.splice(0)) process.kill('SIGKILL');
    });

    function begin(id: string, address: number, ...args: string[]): ChildProcess {
      const child = spawn(process.execPath, [MAIN, 'rollout', ...start('--id', id, ...args)], {
        env: { PATH: process.env['PATH'], ...environment() },
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      child.stdin?.end(edge(address));
      running.push(child);
      return child;
    }

    it('which is killed, at any time, is gone on with by another: no host twice, none forgotten', async () => {
      const client = await fixture.client();
      const endsOf = (id: string) =>
        client.heard.flatMap(({ event }) =>
          event.type === 'fleetwall.job.completed' && event.data.rolloutId === id ? [event] : [],
        );
      // Killed after so many hosts have ended; and at some time before, when nothing may have been said yet.
      for (const round of [0, 1, 2, 3, 4]) {
        const id = `killed-${round}-${hosts[0]?.id}`;
        const child = begin(id, round, '--steps', '1,2,3,4,100%', '--revision', String(round + 1));
        const exit = once(child, 'exit');
        if (round === 0) await sleep(400 + Math.random() * 600);
        else await expect.poll(() => endsOf(id).length, { timeout: 20_000, interval: 2 }).toBe(round);
        child.kill('SIGKILL');
        await exit;
        const { status, stdout, stderr } = await run(['resume', id, '--json']);
        if (round === 0 && stderr.includes('there is no rollout')) continue;
        expect(status).toBe(0);
        expect(summaryOf(stdout).hosts).toEqual(
          Object.fromEntries(hosts.map((host) => [host.id, 'applied'])),
        );
        for (const host of hosts) {
          const own = endsOf(id).filter(({ data }) => data.hostId === host.id);
          expect(new Set(own.map((event) => event.id)).size).toBe(1);
        }
      }
    });

    it('is paused, resumed and aborted by others, and run by one at a time', async () => {
      const id = `paused-${hosts[0]?.id}`;
      const client = await FleetClient.connect({ url: inject('brokerUrl') });
      begin(id, 1, '--steps', '1,2,100%', '--soak', '12');
      const found = async () => await client.findRollout(id).catch(() => null);
      await expect.poll(found, { timeout: 20_000 }).not.toBeNull();
      expect((await run(['resume', id])).stderr).toContain('is run by another process');
      expect((await run(['pause', id])).status).toBe(0);
      const paused = await client.findRollout(id);
      const at = paused.state.step;
      expect(paused.state.isPaused).toBe(true);
      expect(at).toBeLessThan(2);
      await sleep(13_000);
      expect(paused.state.step).toBe(at);
      expect((await run(['status', id])).stdout).toContain('paused');
      expect((await run(['resume', id])).stderr).toContain('goes on');
      expect((await run(['abort', id])).status).toBe(0);
      await expect.poll(() => paused.state.ended?.status, { timeout: 20_000 }).toBe('aborted');
      expect(Object.values(paused.state.ended?.hosts ?? {})).toContain('not_started');
      await paused.close();
      await client.close();
    });
  });

  it.each([
    [['--steps', '1,25%'], 'end with 100%'],
    [['--steps', 'some'], 'A number of hosts, or a part such as 5%'],
    [['--id', 'a b'], 'must be 1 to 64 of letters'],
  ])('cannot be begun with %j', async (args, message) => {
    const { status, stderr } = await run(start(...args), edge(1));
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
