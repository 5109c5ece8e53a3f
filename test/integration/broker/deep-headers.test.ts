import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { describe, expect, inject, it } from 'vitest';
import { declareForOperators } from '../../../src/broker/connection/topology.ts';
import {
  CONTROL_EXCHANGE,
  EVENTS_EXCHANGE,
  hostKey,
  JOBS_EXCHANGE,
} from '../../../src/contract/words/names.ts';
import { makeJob } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import { deepHeaders, publishRaw } from '../../support/publish-raw.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const fixture = new Fixture();
const DEEP = (['arrays', 'tables'] as const).map((kind) => deepHeaders(kind, 8_000));

describe('headers that are deeper than can be decoded', () => {
  it.each(['quorum', 'classic'])('are no reason to leave the broker, from a %s queue', async (type) => {
    const host = await fixture.host('nft', { environment: { FLEETWALL_QUEUE_TYPE: type } });
    const client = await fixture.client();
    const url = inject('brokerUrl');
    for (const headers of DEEP) {
      const messageId = randomUUID();
      const refused = { key: hostKey(host.id), messageId, body: Buffer.from('{}'), headers };
      await publishRaw(url, { ...refused, exchange: JOBS_EXCHANGE });
      expect((await client.completed(messageId)).data).toMatchObject({
        outcome: 'rejected',
        failure: { code: 'job_malformed' },
      });
      await publishRaw(url, { ...refused, exchange: CONTROL_EXCHANGE });
      // What it has in its body is asked for as by any other message.
      const job = makeJob(host.id, { action: 'report' });
      const body = Buffer.from(JSON.stringify(job));
      await publishRaw(url, { ...refused, exchange: JOBS_EXCHANGE, messageId: job.id, body });
      expect((await client.completed(job.id)).data.outcome).toBe('reported');
    }
    expect((await client.run(host.id, { action: 'report' })).data).toMatchObject({ attempt: 1 });
    await expect.poll(async () => (await host.log()).match(/Control message was refused/g)).toHaveLength(2);
    expect(await host.log()).not.toContain('Lost the connection');
    expect((await host.log()).match(/headers that cannot be read/g)).toHaveLength(6);
  });

  it('in the log of events do not keep operators from reading it', async () => {
    const broker = await Rabbitmq.start();
    try {
      const connection = await connect(broker.url);
      await declareForOperators(connection);
      await connection.close();
      for (const headers of DEEP) {
        const event = { exchange: EVENTS_EXCHANGE, key: 'web-1.worker.heartbeat', messageId: randomUUID() };
        await publishRaw(broker.url, { ...event, body: Buffer.from('{}'), headers });
      }
      const { status, stdout, stderr } = await fleetwall(['status', '--json', '--amqp-url', broker.url]);
      expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
    } finally {
      await broker.stop();
    }
  });
});
