import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();
const textOf = (port: number) =>
  `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -p tcp -m tcp --dport ${port} -j ACCEPT\nCOMMIT\n`;

it('a push for some time: the fleet knows when it ends, that it has, and what is live then', async () => {
  const url = inject('brokerUrl');
  const host = await fixture.host('nft');
  const folder = await mkdtemp(join(tmpdir(), 'fleetwall-until-'));
  const file = join(folder, 'edge.yaml');
  const environment = { FLEETWALL_AMQP_URL: url };
  const run = async (...args: string[]) => await fleetwall(args, { environment });
  const push = async (...args: string[]) =>
    await run('push', file, '--host', host.id, '--confirm', 'none', ...args);
  const statusLines = async () => (await run('status', '--host', host.id)).stdout;
  try {
    await writeFile(file, JSON.stringify({ name: 'edge', ipv4: textOf(22) }));
    expect((await push()).status).toBe(0);
    await writeFile(file, JSON.stringify({ name: 'edge', ipv4: textOf(80), until: '2099-01-01T00:00:00Z' }));
    expect((await push()).status).toBe(0);
    expect(await statusLines()).toContain('~ ends by itself: edge revision 2 at 2099-01-01T00:00:00Z');
    // What is live already is sent, where it is to end at another time.
    expect((await push('--for', '20s')).status).toBe(0);
    expect(await statusLines()).toContain('edge@3~');
    await expect.poll(async () => await host.namespace.save(), { timeout: 60_000 }).toContain('--dport 22');
    await expect.poll(statusLines, { timeout: 60_000 }).toContain('edge@3^1');
    const { stdout } = await run('history', host.id, 'edge', '--since', '5m');
    expect(stdout).toContain('edge revision 3 has ended: revision 1 is live again: 1 rule in, 1 out');
    // The next revision is above the one that has ended.
    await writeFile(file, JSON.stringify({ name: 'edge', ipv4: textOf(443) }));
    expect((await push('--json')).stdout).toContain('"liveRevision":4');
    const refused = await push('--for', '4h', '--until', '2099-01-01T00:00:00Z');
    expect(refused.status).toBe(2);
  } finally {
    await rm(folder, { recursive: true });
  }
});
