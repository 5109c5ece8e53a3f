/**
 * A broker of three nodes, of which one dies, is paused, or all but one die: for how long jobs stand still, and whether each has one
 * end. `npm run chaos -- cluster [--root FOLDER]`, where FOLDER is a Debian with another RabbitMQ (`test/package/make-base`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ClusterFleet } from '../support/cluster-fleet.ts';
import type { Rabbitmq } from '../support/rabbitmq.ts';

const HOSTS = 3;
const ANSWER_SECONDS = 240;
/** Pushes after each loss. */
const PUSHES = 5;
const LOST_MS = 20_000;
const SETTLE_MS = 15_000;

const { values } = parseArgs({ options: { root: { type: 'string' } } });
let revision = 1;
let failures = 0;

for (const queueType of ['quorum', 'classic'] as const) {
  const older = queueType === 'quorum';
  const broker = values.root === undefined ? {} : { root: values.root };
  const fleet = await ClusterFleet.start({ hosts: HOSTS, queueType, older, broker });
  try {
    await pushes(fleet, `${queueType} queues, all nodes`);
    if (queueType === 'quorum') await oneNodeLost(fleet);
    await majorityLost(fleet, queueType);
  } finally {
    await fleet.stop();
  }
}
process.exitCode = failures === 0 ? 0 : 1;

/** Any one of three: jobs go on. */
async function oneNodeLost(fleet: ClusterFleet): Promise<void> {
  for (const [index, node] of fleet.cluster.nodes.entries()) {
    await node.kill();
    await pushes(fleet, `node ${index + 1} killed`);
    await node.restart();
    // Its copies of the stream and of the quorum queues have to be there before the next node may go.
    await sleep(SETTLE_MS);
    await pushes(fleet, `node ${index + 1} is back`);
  }
  for (const [index, node] of fleet.cluster.nodes.entries()) {
    node.signal('SIGSTOP');
    await pushes(fleet, `node ${index + 1} paused`);
    node.signal('SIGCONT');
    await sleep(LOST_MS);
    await pushes(fleet, `node ${index + 1} goes on`);
  }
}

/** Two of three: jobs wait, and are run once when the nodes are back. */
async function majorityLost(fleet: ClusterFleet, queueType: string): Promise<void> {
  const [first, second] = fleet.cluster.nodes as [Rabbitmq, Rabbitmq];
  await Promise.all([first.kill(), second.kill()]);
  const pushing = pushes(fleet, `${queueType} queues, two nodes killed for ${LOST_MS / 1000} s`, 1);
  await sleep(LOST_MS);
  // Nodes of which none knows whether it was the last wait for each other.
  await Promise.all([first.restart(), second.restart()]);
  await pushing;
  await pushes(fleet, `${queueType} queues, all nodes are back`);
}

/** Pushes one revision after the other, and tells how long the first and the slowest of the others took. */
async function pushes(fleet: ClusterFleet, what: string, count = PUSHES): Promise<void> {
  const seconds: number[] = [];
  const before = new Map(fleet.hosts.map(({ firewall }) => [firewall, firewall.writes]));
  let isGood = true;
  for (let push = 0; push < count; push += 1) {
    revision += 1;
    const started = performance.now();
    const ends = await fleet.push(revision, ANSWER_SECONDS);
    seconds.push((performance.now() - started) / 1000);
    const wrong = Object.entries(ends).filter(([, end]) => end !== 'applied');
    if (wrong.length > 0) {
      isGood = false;
      console.log(`  revision ${revision}: ${JSON.stringify(wrong)}`);
    }
  }
  // Each revision is one write: more would be a job that was run twice.
  const written = fleet.hosts.map(({ firewall }) => firewall.writes - (before.get(firewall) ?? 0));
  if (written.some((writes) => writes !== count)) {
    isGood = false;
    console.log(`  writes of each host: ${written.join(', ')}`);
  }
  if (!isGood) failures += 1;
  const [first = 0, ...others] = seconds;
  const slowest = others.length === 0 ? '' : `, then at most ${Math.max(...others).toFixed(1)} s`;
  console.log(`${isGood ? 'good' : 'BAD '}  ${what}: first push ${first.toFixed(1)} s${slowest}`);
}
