import assert from 'node:assert/strict';
import { type Project, ruleset, until } from './project.ts';
import { say } from './say.ts';
import { pushTested } from './tested-ruleset.ts';
import type { WholeHost } from './whole-host.ts';

/** There while rules are written. */
const JOURNAL = '/var/lib/fleetwall/journal/change.json';
const push = (host: WholeHost) => ['push', '-', '--name', 'edge', '--host', host.id];
let port = 8090;
/** Each time another one, so that there is something to do. */
const next = () => ruleset('edge', `-p tcp --dport ${++port} -j DROP`);

/** What an engine may keep from a container: each lack is named, and with its remedy. */
export async function testLimits(fleet: Project, host: WholeHost): Promise<void> {
  await testRights(fleet, host);
  await testCalls(fleet, host);
  await testFiles(host);
  await testMemory(fleet, host);
  await testStop(fleet, host);
}

async function testRights(fleet: Project, host: WholeHost): Promise<void> {
  for (const [right, isNeeded] of [
    ['NET_ADMIN', true],
    ['NET_RAW', false],
    ['SYS_ADMIN', true],
  ] as const) {
    say(`Without ${right}: the worker says so, and so does what fails`);
    await host.start({ without: right });
    await until('it says so', async () => (await host.log()).includes('Rights are missing'));
    assert.match(await host.log(), new RegExp(`"missing":\\["CAP_${right} `));
    const { output: advice } = await host.try('fleetwall', 'doctor');
    assert.match(advice, new RegExp(`missing: CAP_${right}[^]*--cap-add ${right}`));
    const { output } = await fleet.client(push(host), next());
    assert.match(output, isNeeded ? new RegExp(`CAP_${right}[^]*privilege_missing`) : /^applied /m);
    await host.remove();
  }
}

async function testCalls(fleet: Project, host: WholeHost): Promise<void> {
  say('A profile of seccomp that does not let unshare through: the doctor names the profile');
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['unshare'], action: 'SCMP_ACT_ERRNO' }],
  };
  await fleet.engine.run(['tee', '/tmp/no-unshare.json'], JSON.stringify(profile));
  await host.start({ flags: ['--security-opt', 'seccomp=/tmp/no-unshare.json'] });
  await host.ready();
  assert.match((await host.try('fleetwall', 'doctor')).output, /seccomp[^]*let it call unshare and setns/);
  assert.match((await fleet.client(push(host), next())).output, /unshare[^]*privilege_missing/);
  await host.remove();

  say('A profile that does not let mount through: only a ruleset with tests is refused');
  const noMount = { ...profile, syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };
  await fleet.engine.run(['tee', '/tmp/no-mount.json'], JSON.stringify(noMount));
  await host.start({ flags: ['--security-opt', 'seccomp=/tmp/no-mount.json'] });
  await host.ready();
  assert.match((await fleet.client(push(host), next())).output, /^applied /m);
  assert.match(await pushTested(fleet, host, 'drop'), /profiles that let mount through[^]*privilege_missing/);
  await host.remove();
}

async function testFiles(host: WholeHost): Promise<void> {
  say('A folder that cannot be written is named');
  await host.start({ leaveOut: '--volume /run/fleetwall:/run/fleetwall ' });
  await until('it says so', async () => /\/run\/fleetwall[^]*(read-only|EROFS)/i.test(await host.log()));
  await host.remove();
}

async function testMemory(fleet: Project, host: WholeHost): Promise<void> {
  say('Too little memory: the engine says so, and starts the worker again and again; 128 MB do');
  await host.start({ flags: ['--memory', '40m', '--memory-swap', '40m'] });
  await until('it was killed', async () => Number(await host.says('{{.RestartCount}}')) > 0);
  await host.remove();
  await host.start({ flags: ['--memory', '128m', '--memory-swap', '128m'] });
  await host.ready();
  assert.match((await fleet.client(push(host), next())).output, /^applied /m);
  assert.equal(await host.says('{{.RestartCount}}'), '0');
  await host.remove();
}

async function testStop(fleet: Project, host: WholeHost): Promise<void> {
  say('SIGTERM with a job in hand: it is ended by this worker, or done by the next, once');
  await host.start();
  await host.ready();
  const rules = Array.from({ length: 5_000 }, (_, at) => `-s 10.9.${at >> 8}.${at & 255} -j DROP`).join(
    '\n-A edge ',
  );
  const answer = fleet.client(push(host), ruleset('edge', rules));
  await fleet.engine.run(['sh', '-c', `timeout 60 sh -c 'until [ -e ${JOURNAL} ]; do sleep 0.02; done'`]);
  await host.stop();
  assert.equal(await host.says('{{.State.ExitCode}}'), '0');
  await fleet.engine.docker('start', 'fleetwall');
  assert.match((await answer).output, /^applied .* web-1$/m);
  assert.equal((await host.rules()).match(/-A edge -s 10\.9\./g)?.length, 5_000);
  await host.remove();
}
