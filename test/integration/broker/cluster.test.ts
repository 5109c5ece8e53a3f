import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerSettings } from '../../../src/config/worker-settings.ts';
import { ALL_KEY, CONTROL_EXCHANGE } from '../../../src/contract/names.ts';
import { examineBroker } from '../../../src/doctor/check-broker.ts';
import type { Examined } from '../../../src/doctor/finding.ts';
import { runCommand } from '../../../src/host/run-command.ts';
import { ClusterFleet } from '../../support/cluster-fleet.ts';

const START_MS = 180_000;
/** Longer than a worker needs, for a machine that has other things to do. */
const ANSWER_SECONDS = 60;
const JOBS = 10;

describe('a broker of three nodes', () => {
  let fleet: ClusterFleet;

  beforeAll(async () => {
    // As version 0.1.0 has made it: the classic queues live on the first node.
    fleet = await ClusterFleet.start({ hosts: 3, queueType: 'quorum', older: true });
    expect(await fleet.push(1, ANSWER_SECONDS)).toEqual(all('applied'));
  }, START_MS);
  afterAll(async () => await fleet.stop());

  it(
    'goes on without the node on which the classic queues live, and every job has one end',
    async () => {
      const [home, living] = fleet.cluster.nodes;
      await home?.kill();
      for (let revision = 2; revision < 2 + JOBS; revision += 1) {
        expect(await fleet.push(revision, ANSWER_SECONDS), `revision ${revision}`).toEqual(all('applied'));
      }
      // Nor does a queue that takes nothing hold up who asks all hosts, as RabbitMQ 4 has it for a classic queue whose node hangs.
      const connection = await connect(living?.url ?? '');
      const channel = await connection.createChannel();
      await channel.assertQueue('takes-nothing', {
        arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
      });
      await channel.bindQueue('takes-nothing', CONTROL_EXCHANGE, ALL_KEY);
      await connection.close();
      const { hosts } = await fleet.client.fleet();
      expect(Object.fromEntries([...hosts].map(([id, { presence }]) => [id, presence]))).toEqual(
        all('online'),
      );
      const settings = WorkerSettings.parse({ hostId: 'host-1', amqpUrl: living?.url, allowUnsigned: true });
      const findings = await examineBroker({ settings, run: runCommand } as Examined);
      expect(findings.map(({ verdict, message }) => `${verdict} ${message}`).join('\n')).toMatch(
        /^warning .*fleetwall\.control\.host-1 cannot be had now: /m,
      );
      expect(findings.map(({ message }) => message).join('\n')).not.toContain('not there');
      await home?.restart();
      expect(await fleet.push(2 + JOBS, ANSWER_SECONDS)).toEqual(all('applied'));
    },
    START_MS,
  );

  const all = (outcome: string) => Object.fromEntries(fleet.hosts.map(({ id }) => [id, outcome]));
});
