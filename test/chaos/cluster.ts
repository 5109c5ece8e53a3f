/**
 * A broker of three nodes, of which one dies, hangs, is cut off from the others, or of which all but one die: for how long jobs stand
 * still, and whether each has one end. `npm run chaos -- cluster [--root FOLDER] [--defaults | --ticktime SECONDS] [--only HARM]`, where
 * FOLDER is a Debian with another RabbitMQ (`test/package/make-base`), and HARM is killed, paused, cut-off or majority. With `--defaults`,
 * the nodes have RabbitMQ's settings, and not those of the operating guide.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { ClusterFleet } from '../support/cluster-fleet.ts';
import { inOwnNamespace } from '../support/own-namespace.ts';
import type { Rabbitmq } from '../support/rabbitmq.ts';

const HOSTS = 3;
const ANSWER_SECONDS = 240;
/** Pushes after each loss. */
const PUSHES = 5;
const LOST_MS = 20_000;
const FIRST_UID = 61_000;
const REPLICATION_PORTS = '6000:6500';

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    defaults: { type: 'boolean' },
    ticktime: { type: 'string', default: '4' },
    only: { type: 'string' },
  },
});
const asGuided = [`net_ticktime = ${values.ticktime}`, 'cluster_partition_handling = pause_minority'];
/** RabbitMQ 3.10 has no other form for the first, and none has one for the second. */
const PROMPT = '[{aten, [{poll_interval, 1000}]}, {kernel, [{net_setuptime, 1}]}].\n';
let revision = 1;
let failures = 0;

// Nodes are cut off from each other by rules.
await inOwnNamespace(async () => {
  for (const queueType of ['quorum', 'classic'] as const) await inCluster(queueType);
  process.exitCode = failures === 0 ? 0 : 1;
});

async function inCluster(queueType: 'quorum' | 'classic'): Promise<void> {
  const broker = {
    ...(values.root === undefined ? {} : { root: values.root }),
    ...(values.defaults === true ? {} : { advanced: PROMPT }),
    configure: async () => (values.defaults === true ? [] : asGuided),
  };
  const older = queueType === 'quorum';
  const fleet = await ClusterFleet.start({ hosts: HOSTS, queueType, older, broker, firstUid: FIRST_UID });
  try {
    await fleet.cluster.untilWhole();
    await pushes(fleet, `${queueType} queues, all nodes`);
    if (queueType === 'quorum') {
      if (isTried('killed')) await eachNode(fleet, 'killed', kill);
      if (isTried('paused')) await eachNode(fleet, 'paused', pause);
      if (isTried('cut-off')) await eachNode(fleet, 'cut off', cutOff);
    }
    if (isTried('majority')) await majorityLost(fleet, queueType);
  } finally {
    await fleet.stop();
  }
}

function isTried(harm: string): boolean {
  return values.only === undefined || values.only === harm;
}

type Harm = (node: Rabbitmq, all: readonly Rabbitmq[]) => Promise<() => Promise<void>>;

/** Any one of three: jobs go on. The next node is harmed only when all copies are on the last one again, as the guide says. */
async function eachNode(fleet: ClusterFleet, harmed: string, harm: Harm): Promise<void> {
  const { cluster } = fleet;
  for (const [index, node] of cluster.nodes.entries()) {
    const end = await harm(node, cluster.nodes);
    await pushes(fleet, `node ${index + 1} ${harmed}`);
    // Long enough for the others to give it up.
    await sleep(LOST_MS);
    await end();
    await cluster.untilWhole();
    await pushes(fleet, `node ${index + 1} is back`);
  }
}

async function kill(node: Rabbitmq): Promise<() => Promise<void>> {
  await node.kill();
  return async () => await node.restart();
}

/** A node that goes on after the others have given it up does not find back into the cluster by itself: it has to be started anew. */
async function pause(node: Rabbitmq): Promise<() => Promise<void>> {
  node.signal('SIGSTOP');
  return async () => {
    node.signal('SIGCONT');
    await node.kill();
    await node.restart();
  };
}

/** Nothing that it sends reaches the other nodes; clients reach it as before. */
async function cutOff(node: Rabbitmq, all: readonly Rabbitmq[]): Promise<() => Promise<void>> {
  const ports = [...all.map(({ distributionPort }) => String(distributionPort)), REPLICATION_PORTS].join(',');
  const rules = ['--sports', '--dports'].map((side) =>
    `OUTPUT -o lo -p tcp -m owner --uid-owner ${node.uid} -m multiport ${side} ${ports} -j DROP`.split(' '),
  );
  for (const rule of rules) await execa('/usr/sbin/iptables-nft', ['-A', ...rule]);
  return async () => {
    for (const rule of rules) await execa('/usr/sbin/iptables-nft', ['-D', ...rule]);
  };
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
  await fleet.cluster.untilWhole();
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
