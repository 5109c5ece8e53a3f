import assert from 'node:assert/strict';
import type { Engine } from './engine.ts';
import { Project, ruleset, until } from './project.ts';
import { say } from './say.ts';

const BROKERS = ['rabbitmq', 'rabbitmq-2', 'rabbitmq-3'];

/** Three brokers in place of one: compose.cluster.yaml over compose.yaml. */
export async function testCluster(engine: Engine): Promise<void> {
  const fleet = new Project(engine, ['compose.yaml', 'compose.cluster.yaml']);
  const ask = async (program: string, ...args: string[]): Promise<unknown> => {
    const command = [program, '--quiet', ...args, '--formatter', 'json'];
    return JSON.parse(await fleet.compose('exec', '-T', 'rabbitmq', ...command));
  };
  say('Three brokers come up, and the event log has its copies');
  await fleet.compose('run', '--rm', 'keys');
  await fleet.compose('up', '--detach', '--wait');
  const { running_nodes: running } = (await ask('rabbitmqctl', 'cluster_status')) as {
    running_nodes: string[];
  };
  assert.deepEqual(running.toSorted(), BROKERS.map((name) => `rabbit@${name}`).toSorted());
  await fleet.compose('run', '--rm', '-T', 'replicas');
  // What keeps account of streams: without a majority of it the event log stands still.
  const keepers = (await ask('rabbitmq-streams', 'coordinator_status')) as { 'Raft State': string }[];
  assert.deepEqual(keepers.map((keeper) => keeper['Raft State']).toSorted(), [
    'follower',
    'follower',
    'leader',
  ]);

  say('Each host’s queue gets its copies, and jobs go on when a broker is killed');
  await until('all queues have three members', async () => {
    const listed = await ask('rabbitmqctl', 'list_queues', '--vhost', 'fleet', 'name', 'type', 'members');
    const queues = listed as { type: string; members?: unknown[] | '' }[];
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
