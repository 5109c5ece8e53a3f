import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { inNaturalOrder } from '../../../src/central/messages/names.ts';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const fixture = new Fixture();
const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';

describe('commands that talk to a fleet', () => {
  let folder: string;
  let hosts: TestHost[];
  /** Of these hosts alone, as the ruleset: the broker is shared with other tests, and the next revision is of the whole fleet. */
  let group: string;
  let ruleset: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-fleet-'));
    const suffix = Math.random().toString(36).slice(2, 8);
    group = `group-${suffix}`;
    ruleset = `edge-${suffix}`;
    hosts = [];
    for (let index = 0; index < 3; index += 1) {
      hosts.push(await fixture.host('nft', { environment: { FLEETWALL_GROUPS: group } }));
    }
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  // As in CI, where many programs take a pipe for something that shows colours.
  const run = async (args: string[], input?: string) =>
    await fleetwall(args, {
      ...(input === undefined ? {} : { input }),
      environment: { FLEETWALL_AMQP_URL: inject('brokerUrl'), CI: 'true' },
    });
  const push = async (...args: string[]) =>
    await run(['push', '-', '--name', ruleset, '--confirm', 'none', ...args], EDGE);
  const ids = () => hosts.map(({ id }) => id);

  it('push to a group, take the next revision, tell of the fleet, go back, take away', async () => {
    const first = await push('--group', group, '--yes');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain(`applied      2 rules in, 0 out, 0 unchanged  ${ruleset} revision 1`);
    for (const id of ids()) expect(first.stdout).toContain(id);
    const [host] = hosts;
    const one = await run(
      ['push', '-', '--name', ruleset, '--confirm', 'none', '--host', host?.id ?? ''],
      EDGE.replace('.1/', '.2/'),
    );
    expect(one.stdout).toContain(`${ruleset} revision 2`);
    const status = await run(['status', '--group', group, '--json']);
    const states = status.stdout
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { hostId: string; presence: string; rulesets: { revision: number }[] },
      );
    expect(states.map(({ presence }) => presence)).toEqual(['online', 'online', 'online']);
    expect(Object.fromEntries(states.map(({ hostId, rulesets }) => [hostId, rulesets[0]?.revision]))).toEqual(
      Object.fromEntries(ids().map((id) => [id, id === host?.id ? 2 : 1])),
    );
    const report = await run(['report', ruleset, '--host', host?.id ?? '']);
    expect(report.stdout).toContain('192.0.2.2/32');
    const back = await run(['rollback', ruleset, '--host', host?.id ?? '', '--confirm', 'none']);
    expect(back).toMatchObject({ status: 0 });
    expect(await host?.namespace.save()).toContain('192.0.2.1/32');
    const removed = await run(['remove', ruleset, '--group', group, '--yes', '--confirm', 'none', '--json']);
    const lines = removed.stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toEqual({
      summary: { removed: 3 },
      hosts: Object.fromEntries(ids().map((id) => [id, 'removed'])),
      stopped: false,
    });
    expect(lines.filter((line) => line['type'] === 'fleetwall.job.completed')).toHaveLength(3);
    for (const { namespace } of hosts) expect(await namespace.save()).not.toContain('edge');
    // Revisions go on where they were.
    expect((await push('--group', group, '--yes')).stdout).toContain(`${ruleset} revision 5`);
  });

  it('show a failing line as it stands in the file, once for all hosts, and exit with 1', async () => {
    const file = join(folder, 'edge.yaml');
    await writeFile(
      file,
      `name: edge\nboth: |\n  *filter\n  :edge - [0:0]\n  -A INPUT -j edge\n  COMMIT\nipv4: |\n  *filter\n  -A edge -p tcp --dport 99999 -j DROP\n  COMMIT\n`,
    );
    const { status, stdout } = await run(['push', file, '--group', group, '--yes']);
    expect(status).toBe(1);
    expect(stdout.match(/99999/g)).toHaveLength(2);
    expect(stdout).toContain(`${file}:9: invalid port/service`);
    expect(stdout).toContain('>     9 | -A edge -p tcp --dport 99999 -j DROP');
    expect(stdout).toMatch(/3 failed$/);
  });

  it('write no control characters into a pipe', async () => {
    const host = hosts[0]?.id ?? '';
    const bad = EDGE.replace('-s 192', '-p tcp --dport 99999 -s 192');
    const outputs = [
      await push('--host', host),
      await run(['push', '-', '--name', ruleset, '--host', host], bad),
      await run(['rollout', '-', '--name', ruleset, '--host', host, '--confirm', 'none'], EDGE),
      await run(['rollout', '-', '--name', ruleset, '--host', host], bad),
      await run(['status', '--group', group]),
      await run(['watch', '--since', '600', '--host', host, '--for', '8']),
      await run(['report', '--host', host]),
      await run(['rollback', ruleset, '--host', host]),
      await run(['remove', ruleset, '--host', host, '--confirm', 'none']),
    ];
    for (const { stdout, stderr } of outputs) {
      expect(stdout).not.toBe('');
      // oxlint-disable-next-line no-control-regex -- that is what must not be there
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });

  it('refuse a name that is none before anything is sent, with a word for the person', async () => {
    const { status, stderr } = await run(['remove', 'No Name', '--host', hosts[0]?.id ?? '']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^fleetwall: .*must be 1 to 32/m);
    expect(stderr).not.toContain('    at ');
  });

  it('ask before they go wide, and say for whom', async () => {
    expect(await push()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--host ID, --group NAME or --all'),
    });
    expect(await push('--all')).toMatchObject({ status: 2, stderr: expect.stringContaining('say --yes') });
    expect(await push('--host', 'nobody-there')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('unroutable'),
    });
  });

  it('say by their exit status that there is no broker, or no answer', async () => {
    const nobody = await fleetwall(['status'], { environment: { FLEETWALL_AMQP_URL: 'amqp://127.0.0.1:9' } });
    expect(nobody).toMatchObject({ status: 3, stderr: expect.stringContaining('ECONNREFUSED') });
    const [host] = hosts;
    await host?.end('SIGKILL');
    const { status, stdout } = await push('--host', host?.id ?? '', '--timeout', '2');
    expect(status).toBe(4);
    expect(stdout).toContain('1 silent');
  });

  it('name the nearest of what is not there: an outcome, a host, a group', async () => {
    const [host] = ids();
    const wrong = `${host?.slice(0, -1)}_`.replace('_', host?.endsWith('0') === true ? '1' : '0');
    const outcome = await run(['watch', '--outcome', 'faild']);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('did you mean failed?') });
    const report = await run(['report', '--host', wrong]);
    expect(report).toMatchObject({ status: 4, stdout: '' });
    // Above it may be what other tests make the broker tell.
    expect(report.stderr).toMatch(new RegExp(`^no host ${wrong} has been heard of: did you mean `, 'm'));
    for (const args of [
      ['status', '--host', wrong],
      ['history', wrong],
      ['list', 'show', 'blocked', '--host', wrong],
    ]) {
      const { status, stdout, stderr } = await run(args);
      expect({ args, status, stdout }).toEqual({ args, status: 4, stdout: '' });
      expect(stderr).toContain(`no host ${wrong} has been heard of: did you mean `);
    }
    for (const args of [
      ['status', '--ruleset', 'never-there'],
      ['history', host ?? '', 'never-there'],
      ['report', 'never-there', '--host', host ?? ''],
    ]) {
      const { status, stdout, stderr } = await run(args);
      expect({ args, status, stdout }).toEqual({ args, status: 4, stdout: '' });
      expect(stderr).toContain('no host has ruleset never-there');
    }
    // On a busy machine, the fleet may not be known before the time is up.
    const watch = async () => {
      const { status, stderr } = await run(['watch', '--host', wrong, '--group', `${group}x`, '--for', '4']);
      expect(status).toBe(0);
      return stderr;
    };
    const hostUnknown = `no host ${wrong} has been heard of: did you mean `;
    await expect.poll(watch, { timeout: 60_000 }).toContain(hostUnknown);
    const groupUnknown = `no host of group ${group}x has been heard of: did you mean ${group}?`;
    await expect.poll(watch, { timeout: 60_000 }).toContain(groupUnknown);
  });

  it('take nothing away, nor back, under a name that none of their hosts has had', async () => {
    const [first = '', second = ''] = ids();
    await push('--host', first);
    await run(['list', 'add', `${ruleset}-bad`, '192.0.2.9', '--host', first]);
    for (const args of [
      ['remove', `${ruleset}x`, '--group', group, '--yes'],
      ['rollback', `${ruleset}x`, '--group', group, '--yes'],
      ['list', 'remove', `${ruleset}-bda`, '192.0.2.9', '--group', group, '--yes'],
      ['list', 'delete', `${ruleset}-bda`, '--group', group, '--yes'],
    ]) {
      const { status, stdout, stderr } = await run(args);
      expect({ args, status, stdout }).toEqual({ args, status: 4, stdout: '' });
      expect(stderr).toMatch(/none of 3 hosts has (?:ruleset|list) \S+: did you mean edge-\S+\?/);
    }
    // Whoever says a revision may mean what the host is still to get.
    const said = await run([
      'remove',
      `${ruleset}x`,
      '--host',
      first,
      '--revision',
      '3',
      '--confirm',
      'none',
    ]);
    expect(said).toMatchObject({ status: 0 });
    const elsewhere = await run(['remove', ruleset, '--host', second]);
    expect(elsewhere).toMatchObject({ status: 4, stdout: '' });
    expect(elsewhere.stderr).toContain(`${second} has no ruleset ${ruleset}, which is on ${first}`);
    const states = await run(['status', '--group', group, '--json']);
    expect(states.stdout).not.toMatch(/edge-\w+-bda"/);
    // What was taken away may be taken away again.
    for (const _ of [1, 2])
      expect(await run(['remove', ruleset, '--host', first, '--confirm', 'none'])).toMatchObject({
        status: 0,
      });
    const added = await run(['list', 'add', `${ruleset}-bat`, '192.0.2.9', '--host', first]);
    expect(added).toMatchObject({ status: 0 });
    expect(added.stderr).toContain(`did you mean ${ruleset}-bad?`);
  });

  it('tell of one end once, however often its host was sent the job', async () => {
    const [first = ''] = ids();
    await push('--host', first, '--group', group, '--yes');
    const { stdout } = await run(['history', first, '--since', '10m']);
    expect(stdout.split('\n')).toHaveLength(1);
    expect(stdout).toContain(`${ruleset} revision 1 applied`);
  });

  it('tell of a change that waits for its probe once, over however many addresses it is published', async () => {
    const url = inject('brokerUrl');
    const addresses = `${url},${url.replace('127.0.0.1', 'localhost')},${url.replace('127.0.0.1', '127.0.0.2')}`;
    const host = await fixture.host('nft', { environment: { FLEETWALL_AMQP_URL: addresses } });
    const pushed = await run(
      ['push', '-', '--name', ruleset, '--host', host.id, '--confirm', 'probe', '--json'],
      EDGE,
    );
    expect(pushed.status).toBe(0);
    const types = pushed.stdout.match(/"type":"fleetwall\.job\.\w+"/g) ?? [];
    expect(types.map((type) => type.split('.').at(-1))).toEqual([
      'started"',
      'awaiting_confirmation"',
      'completed"',
    ]);
    const seen = await run(['watch', '--host', host.id, '--since', '5m', '--for', '1']);
    expect(seen.stdout.match(/to be confirmed/g)).toHaveLength(1);
  });

  it('send nothing where a host that is to be left out is misspelt', async () => {
    const [first = '', second = ''] = ids();
    const misspelt = `${second}x`;
    const wanted = `host ${misspelt}, which is to be left out: no host of that name has been heard of: did you mean ${second}?`;
    for (const whom of [
      ['--group', group, '--yes'],
      ['--host', first, '--host', second],
    ]) {
      const { status, stdout, stderr } = await push(...whom, '--exclude', misspelt);
      expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
      expect(stderr).toContain(wanted);
    }
    const planned = await run(
      ['rollout', '-', '--name', ruleset, '--group', group, '--exclude', misspelt, '--dry-run'],
      EDGE,
    );
    expect(planned).toMatchObject({ status: 4, stdout: '', stderr: expect.stringContaining(wanted) });
    const state = await run(['status', '--host', second, '--json']);
    expect(JSON.parse(state.stdout)).toMatchObject({ hostId: second, rulesets: [] });
  });

  it('that are interrupted name the job and the hosts that have not ended it', async () => {
    const [first = '', second = '', third = ''] = ids();
    // Its queue stays, and the job waits there.
    await hosts[1]?.end('SIGTERM');
    const whom = ids().flatMap((id) => ['--host', id]);
    const child = execa(
      process.execPath,
      [MAIN, 'push', '-', '--name', ruleset, '--confirm', 'none', ...whom, '--json'],
      {
        input: EDGE,
        env: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
        reject: false,
      },
    );
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString('utf8')));
    await expect.poll(() => said.split('fleetwall.job.completed').length).toBe(3);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(130);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { error?: { jobs: unknown[] } });
    const jobId = (lines[0] as unknown as { data: { jobId: string } }).data.jobId;
    expect(lines.at(-1)?.error).toMatchObject({ code: 'interrupted', jobs: [{ jobId, hosts: [second] }] });
    expect(stderr).toContain(
      `interrupted; job ${jobId} is sent, and ${second} has not ended it; to take it back where it has not begun: fleetwall cancel ${jobId}`,
    );
    expect(await run(['cancel', jobId])).toMatchObject({ status: 0 });
    await hosts[1]?.start();
    // Sent later, it ends later.
    await run(['report', '--host', second]);
    const state = await run(['status', '--group', group, '--json']);
    const found = state.stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { hostId: string; rulesets: unknown[] });
    const having = found.filter(({ rulesets }) => rulesets.length > 0).map(({ hostId }) => hostId);
    expect(new Set(having)).toEqual(new Set([first, third]));
  });

  it('push to the end although there is no room for what is told of it, and say so', async () => {
    const [host = ''] = ids();
    await writeFile(join(folder, 'edge.rules'), EDGE);
    const command = `exec ${process.execPath} ${MAIN} push ${join(folder, 'edge.rules')} --name ${ruleset} --confirm none --host ${host} --json > /dev/full`;
    const { exitCode, stderr } = await execa('sh', ['-c', command], {
      env: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
      reject: false,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'standard output cannot be written: ENOSPC: no space left on device, write; it goes on, and what comes of it is not all told',
    );
    const { stdout } = await run(['status', '--host', host, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ rulesets: [{ name: ruleset, revision: 1 }] });
  });

  it('show what a push would change, hosts with the same difference together, as diff does', async () => {
    const [first = '', ...others] = ids();
    await push('--host', first);
    const to = ['-', '--name', ruleset, '--group', group, '--yes'];
    const other = EDGE.replace('.1/', '.9/');
    const pushed = await run(['push', ...to, '--check'], other);
    expect(pushed.stdout).toBe((await run(['diff', ...to], other)).stdout);
    const rest = others.toSorted(inNaturalOrder).join(', ');
    expect(pushed.stdout).toContain(`${first}\nipv4 filter\n- -A edge -s 192.0.2.1/32 -j DROP\n+ `);
    expect(pushed.stdout).toContain(`${rest}\nipv4 filter\n+ `);
    expect(pushed.stdout).toMatch(/\n3 checked$/);
  });

  it('show all of it on a terminal that does not say how wide it is', async () => {
    const [host = ''] = ids();
    const command = `stty cols 0 rows 0; exec ${process.execPath} ${MAIN} push ${join(folder, 'edge.rules')} --name ${ruleset} --host ${host}`;
    await writeFile(join(folder, 'edge.rules'), EDGE);
    const { stdout, exitCode } = await execa(
      'script',
      ['--quiet', '--return', '--command', command, '/dev/null'],
      {
        env: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
        reject: false,
      },
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`[${' '.repeat(30)}] 0/1`);
    expect(stdout).toContain('1 applied');
  });

  it('confirm and abort what waits', async () => {
    const [first, second] = hosts as [TestHost, TestHost];
    const client = await fixture.client();
    for (const [host, answer, outcome] of [
      [first, 'confirm', 'applied'],
      [second, 'abort', 'rolled_back'],
    ] as const) {
      const pushing = run(['push', '-', '--name', ruleset, '--confirm', 'manual', '--host', host.id], EDGE);
      const { event } = await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
      const answered = await run([answer, 'subject' in event ? event.subject : '']);
      expect(answered.stdout).toContain(outcome);
      expect(answered.status).toBe(0);
      expect((await pushing).stdout).toContain(outcome);
    }
    expect((await run(['confirm', '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e'])).stderr).toContain(
      'no host waits',
    );
  });

  it('watch what happened, and filter it', async () => {
    await push('--group', group, '--yes');
    const [host] = hosts;
    const { stdout } = await run([
      'watch',
      '--since',
      '60',
      '--host',
      host?.id ?? '',
      '--outcome',
      'applied',
      '--for',
      '5',
      '--json',
    ]);
    const events = stdout.split('\n').map((line) => JSON.parse(line) as FleetEvent);
    expect(events.map(({ type, data }) => [type, data.hostId])).toEqual([
      ['fleetwall.job.completed', host?.id],
    ]);
    // A ping is answered by each with a heartbeat: no news for a person.
    const watching = ['watch', '--since', '600', '--host', host?.id ?? '', '--for', '8'];
    expect((await run(watching)).stdout).not.toContain('heartbeat');
    expect((await run([...watching, '--heartbeats'])).stdout).toContain('heartbeat');
  });
});
