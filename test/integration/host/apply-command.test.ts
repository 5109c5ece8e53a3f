import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { settingsFor } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { childOf } from '../../support/processes.ts';
import { table } from '../../support/rulesets.ts';

const CLI = join(import.meta.dirname, '../../../dist/cli/main.js');
const EDGE = table('filter', ':edge - [0:0]', '-A INPUT -j edge', '-A edge -s 10.0.0.1 -j ACCEPT');
const fixture = new Fixture();

describe('fleetwall apply', () => {
  let namespace: TestNamespace;
  let folder: string;
  beforeEach(async () => {
    namespace = await TestNamespace.create('nft');
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-apply-'));
    await writeFile(join(folder, 'edge.rules'), EDGE);
  });
  afterEach(async () => {
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  const environment = () => ({
    PATH: process.env['PATH'] ?? '',
    FLEETWALL_HOST_ID: 'local',
    ...settingsFor(namespace, folder),
  });
  const apply = (...args: string[]) =>
    execa(process.execPath, [CLI, 'apply', 'edge.rules', ...args], {
      cwd: folder,
      reject: false,
      extendEnv: false,
      env: environment(),
    });
  /** Runs `fleetwall apply` at a terminal of its own. */
  const applyAtTerminal = (...args: string[]) => {
    const command = [process.execPath, CLI, 'apply', 'edge.rules', '--confirm', 'manual', ...args].join(' ');
    return execa('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: folder,
      reject: false,
      extendEnv: false,
      env: environment(),
    });
  };
  const journal = async () => await readdir(join(folder, 'state/journal'));

  it('applies a file under the next revision, and does nothing the second time', async () => {
    const first = await apply();
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: 'ruleset edge revision 1 applied: 2 rules in, 0 out, 0 unchanged',
    });
    const live = await namespace.save();
    expect(live).toContain('-A edge -s 10.0.0.1/32 -j ACCEPT');
    const second = await apply('--json');
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ outcome: 'unchanged', ruleset: { liveRevision: 2 } });
    expect(await namespace.save()).toBe(live);
    expect(await journal()).not.toContain('change.json');
  });

  it('shows the failing line, and leaves the host as it was', async () => {
    await writeFile(join(folder, 'edge.rules'), EDGE.replace('ACCEPT', 'MASQUERADE'));
    const { exitCode, stderr } = await apply();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^edge\.rules:4: /);
    expect(await namespace.save()).toBe('');
  });

  it("takes the change back when one of the host's own probes fails", async () => {
    await writeFile(join(folder, 'probes.yaml'), 'probes: [{ tcp: "127.0.0.1:9", timeoutSeconds: 1 }]\n');
    const { exitCode, stderr } = await apply(
      '--probes',
      join(folder, 'probes.yaml'),
      '--confirm-timeout',
      '1',
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain('probe "tcp 127.0.0.1:9" failed');
    expect(await namespace.save()).toBe('');
  });

  it.each([
    ['yes', 0],
    ['no', 1],
    ['what?', 1],
  ])('asks at the terminal, and does as the answer "%s" says', async (answer, status) => {
    const command = applyAtTerminal();
    command.stdout.on('data', (chunk: Buffer) => {
      if (String(chunk).includes('[y/N]')) command.stdin.write(`${answer}\n`);
    });
    const { exitCode, stdout } = await command;
    expect(stdout).toContain('Applied. Keep it? Without a yes it is taken back in 30 s [y/N]:');
    expect(exitCode).toBe(status);
    expect((await namespace.save()).includes('10.0.0.1')).toBe(status === 0);
    expect(stdout).toContain(
      status === 0 ? 'revision 1 applied' : 'was applied and taken back: it was asked for',
    );
  });

  it('takes the change back if there is no answer in time', async () => {
    const { exitCode, stdout } = await applyAtTerminal('--confirm-timeout', '1');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('nobody confirmed it before');
    expect(await namespace.save()).toBe('');
  });

  it('takes the change back if the terminal goes away', async () => {
    const command = applyAtTerminal('--confirm-timeout', '300');
    await new Promise<void>((resolve) => {
      command.stdout.on('data', (chunk: Buffer) => {
        if (String(chunk).includes('[y/N]')) resolve();
      });
    });
    expect(await namespace.save()).toContain('10.0.0.1');
    command.kill('SIGKILL');
    await command;
    const deadline = Date.now() + 20_000;
    while ((await namespace.save()) !== '' && Date.now() < deadline) await sleep(50);
    expect(await namespace.save()).toBe('');
    while ((await journal()).includes('change.json') && Date.now() < deadline) await sleep(50);
    expect(await journal()).not.toContain('change.json');
  });

  it('refuses to run if it should ask and there is no terminal', async () => {
    const command = [process.execPath, CLI, 'apply', 'edge.rules', '--confirm', 'manual'];
    const { exitCode, stderr } = await execa('setsid', ['--wait', ...command], {
      cwd: folder,
      reject: false,
      extendEnv: false,
      env: environment(),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('there is no terminal at which to ask');
    expect(await namespace.save()).toBe('');
  });

  it('is settled by the next command when it was killed in the middle', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    await host.holdNextRestore();
    const job = makeJob(host.id, {
      ruleset: { name: 'other', revision: 1, ipv4: EDGE.replaceAll('edge', 'other') },
    });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await host.end('SIGKILL');
    const local = apply(
      '--netns',
      host.namespace.name,
      '--state-dir',
      join(host.folder, 'state'),
      '--run-dir',
      host.runDir,
    );
    await childOf(local.pid ?? 0, 'flock');
    process.kill(restore, 'SIGCONT');
    expect((await local).exitCode).toBe(0);
    const live = await host.namespace.save();
    expect(live).toContain('edge');
    expect(live).not.toContain('other');
    await host.start();
    expect((await client.completed(job.id)).data.failure?.code).toBe('worker_restarted');
    expect(await host.namespace.save()).toBe(live);
  });
});
