import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerSettings } from '../../../src/config/worker-settings.ts';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { ALL_KEY, CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
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
      // An answer to what waits there would go to a queue that is away: whoever sends it is told, and does not wait for the node.
      const jobId = await beginManual(fleet);
      const told = await fleet.client.confirm(jobId, { timeoutSeconds: 1 });
      expect([...told.keys()].toSorted()).toEqual(fleet.hosts.map(({ id }) => id));
      expect(
        [...told.values()].filter(({ end, untaken }) => end !== 'unroutable' && untaken !== true),
      ).toEqual([]);
      await home?.restart();
      expect(await confirmUntilTaken(fleet, jobId)).toEqual(all('applied'));
      expect(await fleet.push(3 + JOBS, ANSWER_SECONDS)).toEqual(all('applied'));
    },
    START_MS,
  );

  /** @returns the id of a job that waits on all hosts for a person */
  async function beginManual({ client, hosts }: ClusterFleet): Promise<string> {
    const waiting = new Set<string>();
    return await new Promise((resolve, reject) => {
      const ruleset = {
        name: 'edge',
        revision: 2 + JOBS,
        ipv4: '*filter\n:edge - [0:0]\n-A edge -s 10.1.0.0/24 -j DROP\nCOMMIT\n',
      };
      const confirm = { mode: 'manual', timeoutSeconds: 600 } as const;
      const onEvent = ({ type, data }: FleetEvent) => {
        if (type !== 'fleetwall.job.awaiting_confirmation') return;
        waiting.add(data.hostId);
        if (waiting.size === hosts.length) resolve(data.jobId);
      };
      client.push(ruleset, { hosts: hosts.map(({ id }) => id) }, { confirm, onEvent }).catch(reject);
    });
  }

  /** What was not taken is sent again, as whoever was told so would. */
  async function confirmUntilTaken({ client }: ClusterFleet, jobId: string): Promise<Record<string, string>> {
    const ends = new Map<string, string>();
    while (ends.size < fleet.hosts.length) {
      const answers = await client.confirm(jobId, { timeoutSeconds: ANSWER_SECONDS });
      for (const [host, { end, untaken }] of answers)
        if (end !== 'unroutable' && untaken !== true) ends.set(host, end);
    }
    return Object.fromEntries(ends);
  }

  const all = (outcome: string) => Object.fromEntries(fleet.hosts.map(({ id }) => [id, outcome]));
});
