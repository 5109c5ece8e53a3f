import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FleetClient } from '../../../src/central/fleet-client.ts';
import { TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { TestHost } from '../../support/host.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';

describe('what operators do every day', () => {
  let broker: Rabbitmq;
  let client: TestClient;
  let folder: string;
  let web: TestHost;
  let db: TestHost;

  beforeAll(async () => {
    broker = await Rabbitmq.start();
  }, 120_000);
  afterAll(async () => await broker.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-day-'));
    client = await TestClient.connect(broker.url);
    web = await host('web');
    db = await host('db');
  });
  afterEach(async () => {
    for (const one of [web, db]) {
      await one.remove();
      await fleetwall(['forget', one.id], environment());
    }
    await client.close();
    await rm(folder, { recursive: true });
  });

  async function host(group: string): Promise<TestHost> {
    const environment = { FLEETWALL_GROUPS: group, FLEETWALL_QUEUE_TYPE: 'quorum' };
    const made = await TestHost.create({ brokerUrl: broker.url, client, backend: 'nft', environment });
    await made.start();
    return made;
  }

  const environment = () => ({ environment: { FLEETWALL_AMQP_URL: broker.url } });
  const run = async (...args: string[]) => await fleetwall(args, environment());
  const push = async (text: string, ...args: string[]) =>
    await fleetwall(['push', '-', '--name', 'edge', '--confirm', 'none', ...args], {
      input: text,
      ...environment(),
    });

  it('a host that is gone counts as silent, until it is forgotten or left out', async () => {
    await db.end('SIGKILL');
    const all = await push(EDGE, '--all', '--yes', '--timeout', '2');
    expect(all.status).toBe(4);
    expect(all.stdout).toMatch(/1 applied, 1 silent|1 silent, 1 applied/);
    const [, jobId = ''] =
      new RegExp(`still queued on ${db.id} until \\S+: fleetwall cancel (\\S+)`).exec(all.stderr) ?? [];
    expect(jobId).not.toBe('');
    expect(all.stderr).toContain('a push without --revision does not see what waits there');
    const online = await push(EDGE.replace('.1/', '.2/'), '--all', '--yes', '--online-only');
    expect(online).toMatchObject({ status: 0, stderr: '' });
    expect(online.stdout).not.toContain(db.id);
    expect((await run('forget', web.id)).stderr).toContain(`${web.id} is online: stop its worker first`);
    expect(await run('forget', db.id)).toMatchObject({ status: 0 });
    const rest = await push(EDGE, '--all', '--yes');
    expect(rest).toMatchObject({ status: 0, stderr: '' });
    expect((await run('status', '--json')).stdout.split('\n')).toHaveLength(1);
    expect((await run('forget', db.id)).stderr).toContain(`no host ${db.id} has been heard of`);
    await db.start();
    expect((await run('status', '--json')).stdout.split('\n')).toHaveLength(2);
  });

  it('what was sent to a host that is away does not run after it was cancelled, and newer pushes win', async () => {
    await db.end();
    const first = await push(EDGE, '--host', db.id, '--timeout', '1');
    const [, jobId = ''] = /fleetwall cancel (\S+)/.exec(first.stderr) ?? [];
    expect(await run('cancel', jobId, '--timeout', '1')).toMatchObject({ status: 0 });
    await push(EDGE.replace('.1/', '.3/'), '--host', db.id, '--timeout', '1');
    await db.start();
    expect((await client.completed(jobId)).data.outcome).toBe('cancelled');
    await expect.poll(async () => await db.namespace.save(), { timeout: 20_000 }).toContain('192.0.2.3/32');
    const history = await run('history', db.id, 'edge');
    expect(history.stdout.split('\n')).toHaveLength(2);
    expect(history.stdout).toMatch(/cancelled[^]*applied/);
  });

  it('a push of what is live everywhere is not sent, and takes no number', async () => {
    expect((await push(EDGE, '--all', '--yes')).stdout).toContain('edge revision 1');
    await web.logged('Job ended');
    await expect
      .poll(async () => (await push(EDGE, '--all', '--yes')).stdout, { timeout: 30_000 })
      .toContain('it is live already: nothing was sent');
    // Before the fleet had told of it, the same may have been sent again.
    const [{ rulesets }] = (await run('status', '--json')).stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { rulesets: { revision: number }[] }) as [
      { rulesets: { revision: number }[] },
    ];
    const live = `edge revision ${rulesets[0]?.revision}`;
    // Its tests are sent all the same, as no host would know of them, and run: that takes no number either.
    const file = join(folder, 'edge.yaml');
    const withTest = async (expected: string) => {
      const test = `{ name: loop, in: lo, from: 127.0.0.1, to: 127.0.0.1, protocol: tcp, port: 22, expect: ${expected} }`;
      const text = EDGE.trimEnd().replaceAll('\n', '\n  ');
      await writeFile(file, `name: edge\nipv4: |\n  ${text}\ntests:\n  - ${test}\n`);
      return await run('push', file, '--all', '--yes', '--confirm', 'none');
    };
    const failed = await withTest('drop');
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain('test "loop": expected drop, got accept');
    const passed = await withTest('accept');
    expect(passed).toMatchObject({ status: 0, stderr: '' });
    expect(passed.stdout).toMatch(new RegExp(`unchanged .*${live} `));
    expect((await push(EDGE.replace('.1/', '.9/'), '--all', '--yes')).stdout).toContain('edge revision');
  });

  it('slips do not go unseen', async () => {
    const file = join(folder, 'edge.yaml');
    await writeFile(
      file,
      `name: edge\nscop: tables\nipv4: |\n  ${EDGE.trimEnd().replaceAll('\n', '\n  ')}\n`,
    );
    expect(await run('push', file, '--host', web.id)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `${file}:2: there is no field scop: did you mean scope?`,
    });
    await writeFile(file, `name: edge\nipv4: ""\nconfirm: { mode: manual, timeoutSecnds: 900 }\n`);
    expect(await run('push', file, '--host', web.id)).toMatchObject({
      status: 1,
      stderr: `${file}:3: there is no field confirm: --confirm and --confirm-timeout on the command line say that`,
    });
    const group = await push(EDGE, '--group', 'wep', '--yes');
    expect(group).toMatchObject({ status: 4, stdout: '' });
    expect(group.stderr).toBe('fleetwall: no host of group wep has been heard of: did you mean web?');
    const nobody = await push(EDGE, '--group', 'web', '--exclude', web.id, '--yes');
    expect(nobody.status).toBe(2);
    const slip = `${web.id.slice(0, -1)}x`;
    const unknown = await push(EDGE, '--host', slip);
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toBe(`${slip} has no queue on the broker: did you mean ${web.id}?`);
    const fleet = await FleetClient.connect({ url: broker.url });
    try {
      const ruleset = { name: 'edge', revision: 1, scop: 'tables', ipv4: EDGE } as const;
      await expect(fleet.push(ruleset, { hosts: [web.id] })).rejects.toThrow('did you mean scope?');
      await expect(fleet.push({ ...ruleset }, { groups: ['nobody'] })).rejects.toMatchObject({
        code: 'request_invalid',
      });
    } finally {
      await fleet.close();
    }
  });

  it('a revision can be demanded', async () => {
    expect((await push(EDGE, '--host', web.id)).status).toBe(0);
    const other = EDGE.replace('.1/', '.2/');
    const refused = await push(other, '--host', web.id, '--if-revision', '0');
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('revision_conflict');
    expect((await push(other, '--host', web.id, '--if-revision', '1')).status).toBe(0);
  });

  it('a push behind the window of another is told so, is not silent, and what is urgent can go first', async () => {
    const window = push(
      EDGE,
      '--host',
      web.id,
      '--host',
      db.id,
      '--confirm',
      'manual',
      '--confirm-timeout',
      '600',
    );
    const { event } = await client.event(web.id, 'fleetwall.job.awaiting_confirmation');
    if (event.type !== 'fleetwall.job.awaiting_confirmation') throw new Error('another event');
    const { jobId, deadline } = event.data;
    await client.event(db.id, 'fleetwall.job.awaiting_confirmation');
    const other = EDGE.replaceAll('edge', 'other');
    const behind = fleetwall(
      [
        'push',
        '-',
        '--name',
        'other',
        '--confirm',
        'none',
        '--host',
        web.id,
        '--timeout',
        '4',
        '--revision',
        '9',
      ],
      { input: other, ...environment() },
    );
    // Longer than it waits for an answer.
    await sleep(10_000);
    const urgent = await run(
      'remove',
      'other',
      '--host',
      web.id,
      '--preempt',
      '--revision',
      '10',
      '--confirm',
      'none',
    );
    expect(urgent).toMatchObject({ status: 0 });
    // On the other host it still waits.
    expect(await db.namespace.save()).toContain('192.0.2.1/32');
    expect(await run('confirm', jobId)).toMatchObject({ status: 0 });
    expect((await window).stdout).toMatch(/1 rolled_back, 1 applied|1 applied, 1 rolled_back/);
    const { status, stdout, stderr } = await behind;
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('other revision 9') as string,
    });
    expect(stderr).toBe(
      `${web.id} waits for the confirm of job ${jobId} until ${deadline}: --preempt takes that back first`,
    );
    expect(await web.namespace.save()).toBe('');
  });

  it('what a ruleset would change is shown, hosts with the same difference together', async () => {
    await push(EDGE, '--host', web.id);
    const file = join(folder, 'edge.rules');
    await writeFile(file, EDGE.replace('.1/', '.7/'));
    const { status, stdout } = await run('diff', file, '--host', web.id, '--host', db.id);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `${web.id}\nipv4 filter\n- -A edge -s 192.0.2.1/32 -j DROP\n+ -A edge -s 192.0.2.7/32 -j DROP\n`,
    );
    expect(stdout).toContain(`${db.id}\nipv4 filter\n+ `);
    expect(await web.namespace.save()).toContain('192.0.2.1/32');
  });

  it('the fleet can be filtered, and rollouts are listed', async () => {
    const rollout = await fleetwall(
      ['rollout', '-', '--name', 'edge', '--all', '--yes', '--confirm', 'none', '--id', `list-${web.id}`],
      {
        input: EDGE,
        ...environment(),
      },
    );
    expect(rollout.status).toBe(0);
    const listed = await run('rollout', 'list', '--json');
    expect(listed.stdout.split('\n').map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({
        rolloutId: `list-${web.id}`,
        hosts: 2,
        status: 'completed',
        ends: { applied: 2 },
      }),
    );
    expect((await run('rollout', 'list')).stdout).toContain(`list-${web.id}`);
    expect((await run('status')).stdout).toMatch(/^2 hosts: 2 online$/m);
    expect((await run('status', '--host', web.id, '--json')).stdout.split('\n')).toHaveLength(1);
    expect((await run('status', '--state', 'silent')).stdout).toBe(
      'none of the 2 hosts of this fleet matches',
    );
    expect(await run('status', '--state', 'sleepy')).toMatchObject({ status: 2 });
  });

  it('whoever reads only the first line is told no error', async () => {
    for (const args of [
      ['status'],
      ['history'],
      ['explain'],
      ['--help'],
      ['push', '--help'],
      ['schema', 'job'],
    ]) {
      const command = spawn('/bin/sh', ['-c', `"$0" "$@" | head -n 1`, process.execPath, MAIN, ...args], {
        env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: broker.url },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      command.stdout.on('data', (chunk) => (out += String(chunk)));
      command.stderr.on('data', (chunk) => (err += String(chunk)));
      await once(command, 'close');
      expect({ args, err }).toEqual({ args, err: '' });
      expect({ args, lines: out.trim().split('\n').length }).toEqual({ args, lines: 1 });
    }
  });

  it('a rollout that is interrupted says how to go on with it', async () => {
    const rollout = spawn(
      process.execPath,
      [
        MAIN,
        'rollout',
        '-',
        '--name',
        'edge',
        '--all',
        '--yes',
        '--confirm',
        'none',
        '--steps',
        '1,2',
        '--soak',
        '600',
      ],
      {
        env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: broker.url },
        stdio: ['pipe', 'ignore', 'pipe'],
      },
    );
    rollout.stdin.end(EDGE);
    let told = '';
    rollout.stderr.on('data', (chunk) => (told += String(chunk)));
    await expect
      .poll(() => client.heard.filter(({ key }) => key.endsWith('completed.applied')), { timeout: 30_000 })
      .toHaveLength(1);
    rollout.kill('SIGINT');
    const [status] = (await once(rollout, 'close')) as [number];
    expect(status).toBe(130);
    const [, id = ''] = /fleetwall rollout resume (\S+)/.exec(told) ?? [];
    expect(told).toContain(`rollout ${id} begins no more hosts`);
    await expect
      .poll(async () => (await run('rollout', 'list')).stdout, { timeout: 20_000 })
      .toMatch(new RegExp(`left +fleetwall rollout status ${id}`));
    const left = (await run('rollout', 'status', id)).stdout;
    expect(left).toMatch(
      new RegExp(`^run by: nobody: \\S+ on \\S+ \\(process ${rollout.pid}\\) is gone`, 'm'),
    );
    expect(left).toContain(`next: fleetwall rollout resume ${id}`);
    const paused = await run('rollout', 'pause', id);
    expect(paused).toMatchObject({ status: 0 });
    expect(paused.stderr).toContain('nobody runs it now');
    const aborted = await run('rollout', 'abort', id);
    expect(aborted).toMatchObject({ status: 0 });
    expect(aborted.stdout).toContain(`rollout ${id} aborted\n1 applied, 1 not_started`);
    expect(await run('rollout', 'abort', id)).toMatchObject({
      status: 2,
      stderr: `fleetwall: rollout ${id} has ended (aborted): there is nothing to abort`,
    });
  });

  it('a rollout that stopped says why, and its mended file goes to the hosts that did not get it', async () => {
    const id = `night-${web.id}`;
    const file = join(folder, 'edge.rules');
    const all = ['--host', web.id, '--host', db.id, '--confirm', 'none', '--steps', '1,2'];
    await writeFile(file, EDGE.replace('DROP', 'DROPP'));
    expect((await run('rollout', file, ...all, '--id', id)).status).toBe(1);
    const status = await run('rollout', 'status', id);
    expect(status.status).toBe(1);
    expect(status.stdout).toContain(`rollout ${id}: edge revision 1, stopped: 1 of 2 hosts failed`);
    expect(status.stdout).toContain(
      `failed  ${web.id}\n    1 rule of ruleset edge revision 1 was rejected\n`,
    );
    expect(status.stdout).toMatch(/ipv4 line 4: -A edge -s 192\.0\.2\.1\/32 -j DROPP: .*DROPP/);
    expect(status.stdout).toContain(`next: fleetwall rollout FILE --retry-failed ${id}`);
    const told = JSON.parse((await run('rollout', 'status', id, '--json')).stdout) as object;
    expect(told).toMatchObject({
      status: 'stopped',
      hosts: { [web.id]: 'failed', [db.id]: 'not_started' },
      failures: [{ hosts: [web.id], failure: { code: 'rule_rejected', lines: [{ line: 4 }] } }],
      owner: { host: hostname() },
      isRun: false,
      waitsFor: null,
    });
    await writeFile(file, EDGE);
    const retried = await run('rollout', file, '--retry-failed', id, '--yes', '--confirm', 'none');
    expect(retried).toMatchObject({ status: 0 });
    expect(retried.stdout).toContain('2 applied');
    const again = await run('rollout', file, '--retry-failed', id, '--host', web.id);
    expect(again).toMatchObject({ status: 2 });
    expect(await web.namespace.save()).toContain('192.0.2.1/32');
  });

  it('a host that was away is named with what waits for it, and gets one content under one revision', async () => {
    await db.end('SIGKILL');
    const file = join(folder, 'edge.rules');
    await writeFile(file, EDGE);
    const [first, again, other] = ['first', 'again', 'other'].map((word) => `${word}-${db.id}`) as [
      string,
      string,
      string,
    ];
    const quick = ['--yes', '--confirm', 'none', '--timeout', '2'];
    const hosts = ['--host', web.id, '--host', db.id, '--steps', '2'];
    const stopped = await run('rollout', file, ...hosts, ...quick, '--id', first);
    expect(stopped.status).toBe(4);
    const queued = new RegExp(`still queued on ${db.id} until \\S+: fleetwall cancel \\S+`);
    expect(stopped.stderr).toMatch(queued);
    expect(stopped.stderr).toContain(`next: fleetwall rollout ${file} --retry-failed ${first}`);
    const status = await run('rollout', 'status', first);
    expect(status.stdout).toMatch(new RegExp(`^silent {2}${db.id}\n {4}${queued.source}$`, 'm'));
    const retry = ['rollout', file, '--retry-failed', first, ...quick];
    expect(await run(...retry, '--online-only')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`rollout ${first} did not reach is left: ${db.id}`),
    });
    expect((await run(...retry, '--id', again)).status).toBe(4);
    await writeFile(file, EDGE.replace('.1/', '.7/'));
    expect((await run(...retry, '--id', other)).status).toBe(4);
    const { stdout: listed } = await run('rollout', 'list');
    expect(listed).toMatch(new RegExp(`${first} +edge@1 `));
    expect(listed).toMatch(new RegExp(`${again} +edge@1 `));
    expect(listed).toMatch(new RegExp(`${other} +edge@2 `));
    await db.start();
    await expect.poll(async () => await db.namespace.save(), { timeout: 20_000 }).toContain('192.0.2.7/32');
  });

  it('whoever looks at a rollout that runs sees who runs it, and what it waits for', async () => {
    const id = `seen-${web.id}`;
    const rollout = spawn(
      process.execPath,
      [MAIN, 'rollout', '-', '--name', 'edge', '--all', '--yes', '--id', id, '--confirm', 'none'].concat([
        '--steps',
        '1,2',
        '--soak',
        '600',
      ]),
      {
        env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: broker.url },
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    rollout.stdin.end(EDGE);
    await expect
      .poll(async () => (await run('rollout', 'status', id)).stdout, { timeout: 30_000 })
      .toContain('waits for: its soak of 600 s after step 1');
    const { stdout } = await run('rollout', 'status', id);
    expect(stdout).toMatch(new RegExp(`^run by: \\S+ on \\S+ \\(process ${rollout.pid}\\)$`, 'm'));
    expect(stdout).toContain(`next: fleetwall rollout pause ${id}`);
    expect((await run('rollout', 'list')).stdout).toContain('running');
    const closed = once(rollout, 'close');
    expect((await run('rollout', 'abort', id)).stdout).toContain(`rollout ${id} aborted`);
    expect((await closed)[0]).toBe(1);
  });
});
