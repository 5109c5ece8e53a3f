import assert from 'node:assert/strict';
import type { Engine } from './engine.ts';
import { Project, ruleset, until } from './project.ts';
import { say } from './say.ts';

const BROKERS = ['rabbitmq', 'rabbitmq-2', 'rabbitmq-3'];

/** Three brokers in place of one: compose.cluster.yaml over compose.yaml. */
export async function testCluster(engine: Engine): Promise<void> {
  const fleet = new Project(engine, ['compose.yaml', 'compose.cluster.yaml']);
  say('Three brokers come up, and the event log has its copies');
  await fleet.compose('run', '--rm', 'keys');
  await fleet.compose('up', '--detach', '--wait');
  const nodes = await fleet.compose(
    'exec',
    '-T',
    'rabbitmq',
    'rabbitmqctl',
    '--quiet',
    'cluster_status',
    '--formatter',
    'json',
  );
  const { running_nodes: running } = JSON.parse(nodes) as { running_nodes: string[] };
  assert.deepEqual(running.toSorted(), BROKERS.map((name) => `rabbit@${name}`).toSorted());
  await fleet.compose('run', '--rm', '-T', 'replicas');

  say('Each host’s queue gets its copies, and jobs go on when a broker is killed');
  const status = async () =>
    await fleet.compose(
      'exec',
      '-T',
      'rabbitmq',
      'rabbitmqctl',
      '--quiet',
      'list_queues',
      '--vhost',
      'fleet',
      'name',
      'type',
      'members',
      '--formatter',
      'json',
    );
  await until('all queues have three members', async () => {
    const queues = JSON.parse(await status()) as { type: string; members?: unknown[] | '' }[];
    const kept = queues.filter(({ type }) => type === 'quorum' || type === 'stream');
    return (
      kept.length >= 4 &&
      kept.every(({ members }) => Array.isArray(members) && members.length === BROKERS.length)
    );
  });
  const push = async (port: number) =>
    await fleet.client(
      ['push', '-', '--name', 'edge', '--all', '--yes'],
      ruleset('edge', `-p tcp --dport ${port} -j DROP`),
    );
  assert.match((await push(80)).output, /^applied .* db-1, web-1, web-2$/m);
  await engine.docker('kill', await fleet.container('rabbitmq-2'));
  // For some seconds the others do not know that it is gone, and a command says that the broker does not answer.
  await until('jobs go on', async () =>
    /^(applied|unchanged) .* db-1, web-1, web-2$/m.test((await push(81)).output),
  );
  await fleet.compose('start', 'rabbitmq-2');
  await fleet.compose('--profile', '*', 'down', '--volumes');
}
