import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const fixture = new Fixture();

describe('a rollout, for those who look after it', () => {
  let hosts: [TestHost, TestHost];
  let folder: string;
  const running: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-watch-'));
    hosts = await Promise.all([fixture.host('nft'), fixture.host('nft')]);
  });
  afterEach(async () => {
    for (const process of running.splice(0)) process.kill('SIGKILL');
    await rm(folder, { recursive: true });
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
  const run = async (...more: string[]) => await fleetwall(more, { environment: environment() });
  const live = async () =>
    await Promise.all(
      hosts.map(async ({ namespace }) => /192\.0\.2\.(\d+)/.exec(await namespace.save())?.[1] ?? null),
    );
  /** A command that runs on, with what it has printed so far: as on a terminal, both outputs in the order of their writing. */
  function begin(input: string, command: string[]): { child: ChildProcess; said: () => string } {
    const child = spawn('sh', ['-c', 'exec "$0" "$@" 2>&1', process.execPath, MAIN, ...command], {
      env: { PATH: process.env['PATH'], ...environment() },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.push(child);
    let said = '';
    child.stdout?.on('data', (chunk) => (said += String(chunk)));
    child.stdin?.end(input);
    return { child, said: () => said };
  }

  it('sees a host that dies and says nothing, and has its id for itself', async () => {
    const id = `dead-${hosts[0].id}`;
    const { child, said } = begin(edge(1), args(id, '--soak', '8'));
    const closed = once(child, 'close');
    await expect.poll(live, { timeout: 30_000 }).toEqual(['1', null]);
    await expect.poll(said, { timeout: 30_000 }).toContain('applied');
    await hosts[0].end('SIGKILL');

    const other = await run('rollout', 'resume', id);
    expect(other).toMatchObject({ status: 2 });
    const who = `${userInfo().username} on ${hostname()} (process ${child.pid})`;
    expect(other.stderr).toContain(`rollout ${id} is run by another process: ${who}`);

    const [status] = await closed;
    expect(said()).toContain('1 of 2 hosts failed, and no more than 0 may');
    expect(status).toBe(1);
    expect(await live()).toEqual(['1', null]);
    const told = await run('rollout', 'status', id);
    expect(told.stdout).toContain(`failed  ${hosts[0].id}  fell silent after the change`);

    const again = await fleetwall(args(id), { input: edge(2), environment: environment() });
    expect(again).toMatchObject({ status: 2 });
    expect(again.stderr).toContain(`a rollout ${id} has ended (stopped) before: give this one another id`);
    expect((await run('rollout', 'status', id)).stdout).toBe(told.stdout);
  });

  it('is asked to end by a command that may be interrupted: it ends all the same', async () => {
    const id = `stopped-${hosts[0].id}`;
    const rollout = begin(edge(1), args(id, '--soak', '600'));
    const closed = once(rollout.child, 'close');
    await expect.poll(live, { timeout: 30_000 }).toEqual(['1', null]);
    await expect.poll(rollout.said, { timeout: 30_000 }).toContain('applied');
    // A process that runs it, and does nothing.
    rollout.child.kill('SIGSTOP');
    const abort = begin('', ['rollout', 'abort', id]);
    const aborted = once(abort.child, 'close');
    await expect.poll(abort.said, { timeout: 30_000 }).toContain('abort was asked for');
    abort.child.kill('SIGINT');
    expect((await aborted)[0]).toBe(130);
    expect(abort.said()).toContain(
      `interrupted; rollout ${id} was asked to end, and begins no more hosts; to see to its end: fleetwall rollout abort ${id}`,
    );
    rollout.child.kill('SIGCONT');
    expect((await closed)[0]).toBe(1);
    expect(rollout.said()).toContain(`rollout ${id} aborted`);
    expect(await live()).toEqual(['1', null]);
  });

  it('names last, and loudest, the host that could not be taken back', async () => {
    const id = `left-${hosts[0].id}`;
    await writeFile(join(folder, 'status'), '0');
    const gates = join(folder, 'gates.yaml');
    const command = ['sh', '-c', `exit $(cat ${folder}/status)`];
    await writeFile(gates, JSON.stringify({ gates: [{ name: 'own', command }], every: 0.5 }));
    const more = ['--gates', gates, '--soak', '600', '--on-failure', 'rollback'];
    const { child, said } = begin(edge(1), args(id, ...more));
    const closed = once(child, 'close');
    await expect.poll(said, { timeout: 30_000 }).toContain('applied');
    // Somebody else moves on: what would take it back is refused.
    const push = ['push', '-', '--name', 'edge', '--confirm', 'none', '--host', hosts[0].id];
    expect((await fleetwall(push, { input: edge(9), environment: environment() })).status).toBe(0);
    await writeFile(join(folder, 'status'), '1');
    expect((await closed)[0]).toBe(1);
    const last = new RegExp(
      `\\nNOT TAKEN BACK from edge revision 1: ${hosts[0].id} {2}.* \\(revision_conflict\\)\\n$`,
    );
    expect(said()).toMatch(last);
    expect(`${(await run('rollout', 'status', id)).stdout}\n`).toMatch(last);
    expect(await live()).toEqual(['9', null]);
  });
});
