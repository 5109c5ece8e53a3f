import assert from 'node:assert/strict';
import { NEXT_IMAGE } from './build-images.ts';
import type { Engine } from './engine.ts';
import { testLimits } from './limits.ts';
import { Project, ruleset, until } from './project.ts';
import { say } from './say.ts';
import { measureStart } from './start-time.ts';
import { pushTested } from './tested-ruleset.ts';
import { WholeHost } from './whole-host.ts';

const DOCKERS = /^(:|-A )DOCKER.*$/gm;
const withPort = (port: number) => ruleset('edge', `-p tcp --dport ${port} -j DROP`);

/** A worker in a container that manages the firewall of the host, on which there are Docker's own rules. */
export async function testHost(engine: Engine): Promise<void> {
  const fleet = new Project(engine);
  const host = await WholeHost.create(fleet);
  await work(fleet, host);
  await waitAcrossWorkers(fleet, host);
  await measureStart(fleet, host);
  await testLimits(fleet, host);
  await fleet.compose('--profile', '*', 'down', '--volumes');
}

function push(host: WholeHost, name: string, ...flags: string[]): string[] {
  return ['push', '-', '--name', name, '--host', host.id, ...flags];
}

async function work(fleet: Project, host: WholeHost): Promise<void> {
  say('A worker for a whole host, as README starts it, beside Docker’s own rules');
  const before = (await host.rules()).match(DOCKERS);
  assert.ok(before !== null && before.length > 5);
  await host.start();
  await host.ready();
  const { status, output } = await host.try('fleetwall', 'doctor');
  assert.equal(status, 0, output);
  assert.match(output, /failures: 0$/m);

  const pushed = await fleet.client(push(host, 'edge'), withPort(8080));
  assert.match(pushed.output, /^applied .* web-1$/m);
  assert.match(await host.rules(), /-A edge -p tcp -m tcp --dport 8080 -j DROP/);
  assert.deepEqual((await host.rules()).match(DOCKERS), before);

  say('A ruleset with tests: their packets are tried in the container, and the one that fails is named');
  assert.match(await pushTested(fleet, host, 'accept'), /"nobody gets in": expected accept, got drop/);
  assert.match(await pushTested(fleet, host, 'drop'), /^applied .* web-1$/m);
}

async function waitAcrossWorkers(fleet: Project, host: WholeHost): Promise<void> {
  const unconfirmed = (name: string) => push(host, name, '--confirm', 'manual', '--confirm-timeout', '300');
  const isLive = (port: number) => async () => (await host.rules()).includes(`--dport ${port} `);

  say(
    'SIGTERM while a change waits: the worker ends well, and one of the next version has the change confirmed',
  );
  const answer = fleet.client(unconfirmed('edge'), withPort(8082));
  await until('the change is live', isLive(8082));
  await host.stop();
  assert.equal(await host.says('{{.State.ExitCode}}'), '0');
  await host.remove();
  await host.start({ image: NEXT_IMAGE });
  await host.ready();
  const job = await host.waitingJob();
  assert.equal((await fleet.client(['confirm', job])).status, 0);
  assert.match((await answer).output, /^applied .* web-1$/m);

  say('SIGKILL while a change waits: the engine starts the worker anew, and the change can be taken back');
  const second = fleet.client(unconfirmed('edge'), withPort(8083));
  await until('the change is live', isLive(8083));
  await fleet.engine.run(['sh', '-c', `kill -KILL ${await host.says('{{.State.Pid}}')}`]);
  await until(
    'it is started anew',
    async () => (await host.says('{{.RestartCount}}')) === '1' && (await host.isReady()),
  );
  assert.equal(await isLive(8083)(), true);
  const killed = await host.waitingJob();
  assert.equal((await fleet.client(['abort', killed])).status, 0);
  assert.match((await second).output, /^rolled_back .* web-1$/m);
  assert.equal(await isLive(8082)(), true);
  assert.equal(await isLive(8083)(), false);
  await host.remove();
}
