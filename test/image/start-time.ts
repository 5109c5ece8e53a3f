import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Project } from './project.ts';
import { until } from './project.ts';
import { say } from './say.ts';
import type { WholeHost } from './whole-host.ts';

const TIMES = 7;
/** The files of the image, without an engine: a host with the same Debian, Node and worker. */
const ROOT = '/var/lib/fleetwall-host';
const PID = '/run/fleetwall-host.pid';
const SAME = ['/etc/fleetwall', '/var/lib/fleetwall', '/run/fleetwall'];

/** How long a worker takes from its start until it has jobs, in a container and on the host, in turns; nothing is asserted of it. */
export async function measureStart(fleet: Project, host: WholeHost): Promise<void> {
  say('From start to ready, in a container and on the host');
  await layRoot(fleet);
  await host.start();
  await host.ready();
  const inContainer: number[] = [];
  const onHost: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    await host.stop();
    onHost.push(await startOnHost(fleet, host));
    const from = Date.now();
    await fleet.engine.docker('start', 'fleetwall');
    inContainer.push(await readyAt(host, from));
  }
  await host.remove();
  await fleet.engine.run(['rm', '-rf', '--one-file-system', ROOT]);
  const [contained, bare] = [medianOf(inContainer), medianOf(onHost)];
  say(
    `${contained} ms in a container, ${bare} ms on the host: ${(contained / bare).toFixed(2)} times as long`,
  );
}

async function layRoot({ engine }: Project): Promise<void> {
  const commands = `mkdir -p ${ROOT} && id=$(docker create fleetwall) && docker export $id | tar -x -C ${ROOT} && docker rm $id && mkdir -p ${SAME.map((path) => ROOT + path).join(' ')}`;
  await engine.run(['bash', '-euo', 'pipefail', '-c', commands]);
}

/** As soon as it is ready it is ended. */
async function startOnHost({ engine }: Project, host: WholeHost): Promise<number> {
  const environment = await host.environment();
  const mounts = SAME.map((path) => `mount --bind ${path} ${ROOT}${path}`);
  const commands = [
    `echo $$ >${PID}`,
    `mount -t proc proc ${ROOT}/proc`,
    `mount --rbind /dev ${ROOT}/dev`,
    ...mounts,
    `exec chroot ${ROOT} env ${environment.join(' ')} fleetwall worker`,
  ];
  const [file, args, env] = engine.enter(['unshare', '--mount', 'sh', '-euc', commands.join('; ')]);
  const from = Date.now();
  const worker = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(worker, 'exit');
  let ms: number | undefined;
  for await (const line of createInterface(worker.stdout)) {
    if (ms !== undefined || !isReady(line)) continue;
    ms = timeOf(line) - from;
    await engine.run(['sh', '-c', `kill -TERM $(cat ${PID})`]);
  }
  await ended;
  if (ms === undefined) throw new Error('the worker on the host was not ready');
  return ms;
}

async function readyAt(host: WholeHost, from: number): Promise<number> {
  let at: number | undefined;
  await until('the worker has jobs', async () => {
    const lines = (await host.log()).split('\n').filter(isReady);
    at = lines.map(timeOf).find((time) => time >= from);
    return at !== undefined;
  });
  return (at ?? Number.NaN) - from;
}

/** It has its queue: the next job that comes is begun. */
function isReady(line: string): boolean {
  return line.includes('"Consuming"') && line.includes('"fleetwall.host.');
}

function timeOf(line: string): number {
  const { time } = JSON.parse(line) as { time: string | number };
  return new Date(time).getTime();
}

function medianOf(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}
