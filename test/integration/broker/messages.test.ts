import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { connect } from 'amqplib';
import { describe, expect, inject, it } from 'vitest';
import {
  CONTROL_EXCHANGE,
  DEAD_QUEUE,
  groupKey,
  hostJobsQueue,
  JOBS_EXCHANGE,
} from '../../../src/contract/words/names.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
const EDGE = table('filter', ':edge-in - [0:0]', '-A INPUT -j edge-in', '-A edge-in -s 10.0.0.1/32 -j DROP');
const ruleset = (revision: number, more = {}) => ({ name: 'edge', revision, ipv4: EDGE, ...more });

describe('events', () => {
  it('are CloudEvents, also by their headers, and carry the trace of the job', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset: ruleset(1) });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await client.publish(host.id, job, { headers: { traceparent, other: 'x' } });
    const completed = await client.completed(job.id);
    const [started, ended] = client.heard.filter(
      ({ event }) => 'subject' in event && event.subject === job.id,
    );
    expect(started?.key).toBe(`${host.id}.job.started`);
    expect(started?.event).toMatchObject({
      type: 'fleetwall.job.started',
      data: { action: 'apply', ruleset: { revision: 1 } },
    });
    expect(ended?.key).toBe(`${host.id}.job.completed.applied`);
    expect(ended?.message.properties).toMatchObject({
      contentType: 'application/cloudevents+json',
      deliveryMode: 2,
      headers: {
        'ce-id': completed.id,
        'ce-type': 'fleetwall.job.completed',
        'ce-source': `/fleetwall/hosts/${host.id}`,
        'ce-subject': job.id,
        traceparent,
      },
    });
    expect(ended?.message.properties.headers).not.toHaveProperty('other');
    expect(completed.data.timings.totalMs).toBeGreaterThan(0);
  });

  it('tell that a worker goes online, is alive, and goes offline', async () => {
    const host = await fixture.host('nft', {
      environment: { FLEETWALL_GROUPS: 'web, edge', FLEETWALL_HEARTBEAT_SECONDS: '1' },
    });
    const client = await fixture.client();
    await client.run(host.id, { ruleset: ruleset(5) });
    const since = client.heard.length;
    const beat = await client.event(host.id, 'fleetwall.worker.heartbeat', since);
    expect(beat.event.data).toMatchObject({
      groups: ['web', 'edge'],
      rulesets: [{ name: 'edge', revision: 5 }],
      pending: null,
    });
    expect(await host.end()).toBe(0);
    await client.event(host.id, 'fleetwall.worker.offline', since);
  });
});

describe('a job', () => {
  it('that was finished before gets its result again, and nothing is run', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset: ruleset(1) });
    await client.publish(host.id, job);
    const first = await client.completed(job.id);
    await host.namespace.iptables('-F', 'edge-in');
    await client.publish(host.id, { ...job, id: job.id.toUpperCase() });
    await client.publish(host.id, job);
    const second = await client.completed(job.id, 2);
    expect(second).toEqual(first);
    // The same after a restart, as the result is on disk.
    await host.end();
    await host.start();
    await client.publish(host.id, job);
    expect(await client.completed(job.id, 3)).toEqual(first);
    expect(await host.namespace.iptables('-S', 'edge-in')).toBe('-N edge-in\n');
  });

  it('is compared with the committed revision', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const end = async (fields: object) => {
      const { data } = await client.run(host.id, { ruleset: fields });
      return data.failure?.code ?? data.outcome;
    };
    expect(await end(ruleset(5, { ifRevision: 4 }))).toBe('revision_conflict');
    expect(await end(ruleset(5, { ifRevision: 0 }))).toBe('applied');
    expect(await end(ruleset(4))).toBe('revision_stale');
    expect(await end(ruleset(5, { ipv6: EDGE.replace('10.0.0.1/32', '::1/128') }))).toBe('revision_conflict');
    expect(await end(ruleset(5))).toBe('unchanged');
    expect(await end(ruleset(7, { ifRevision: 5 }))).toBe('unchanged');
    const { data } = await client.run(host.id, { action: 'remove', ruleset: { name: 'edge', revision: 6 } });
    expect(data).toMatchObject({ outcome: 'rejected', failure: { code: 'revision_stale', stage: 'admit' } });
  });

  it('repairs drift when the same revision is pushed again', async () => {
    const host = await fixture.host('legacy');
    const client = await fixture.client();
    await client.run(host.id, { ruleset: ruleset(1) });
    const live = await host.namespace.save();
    await host.namespace.iptables('-F');
    await host.namespace.iptables('-X');
    const { data } = await client.run(host.id, { ruleset: ruleset(1) });
    expect(data).toMatchObject({ outcome: 'unchanged', changed: true, diff: { added: 2 } });
    expect(await host.namespace.save()).toBe(live);
  });

  it('that is late, or not for this host, is not run', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const expired = await client.run(host.id, { ruleset: ruleset(1), expiresAt: '2020-01-01T00:00:00Z' });
    expect(expired.data).toMatchObject({ outcome: 'expired', failure: null, changed: false });
    const astray = await client.run(host.id, {
      ruleset: ruleset(1),
      target: { hosts: ['another'], groups: ['g'] },
      rolloutId: 'r-7',
    });
    expect(astray.data).toMatchObject({
      action: 'apply',
      rolloutId: 'r-7',
      outcome: 'rejected',
      failure: { code: 'not_addressed', stage: 'authorise' },
    });
    const all = await client.run(host.id, { ruleset: ruleset(1), target: { all: true } });
    expect(all.data.outcome).toBe('applied');
    // A refused job does not use up its id.
    const again = makeJob(host.id, { id: astray.subject, ruleset: ruleset(1) });
    await client.publish(host.id, again);
    const end = await client.completed(again.id, 2);
    expect(end.data.outcome).toBe('unchanged');
    expect(end.id).not.toBe(astray.id);
  });

  it('have events that show what they bring without control characters', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const { subject } = await client.run(host.id, {
      ruleset: ruleset(1),
      rolloutId: 'spring\u0000\n\u202e1',
    });
    const told = client.heard.flatMap(({ event }) =>
      'rolloutId' in event.data && event.data.jobId === subject ? [event.data.rolloutId] : [],
    );
    expect(told).toEqual([String.raw`spring\x00\n\u202e1`, String.raw`spring\x00\n\u202e1`]);
  });

  it('may be gzipped, and one that cannot be read goes to the dead letters', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset: ruleset(1) });
    const zipped = gzipSync(JSON.stringify(job));
    await client.publish(host.id, zipped, { contentEncoding: 'gzip', messageId: job.id });
    expect((await client.completed(job.id)).data.outcome).toBe('applied');

    // As kombu says it of each message.
    const plain = makeJob(host.id, { ruleset: ruleset(1) });
    await client.publish(host.id, plain, { contentEncoding: 'utf-8' });
    expect((await client.completed(plain.id)).data.outcome).toBe('unchanged');

    const cases: [string, Buffer, object][] = [
      ['job_malformed', Buffer.from('{'), {}],
      ['job_malformed', Buffer.from([0xff, 0xfe]), {}],
      ['job_malformed', Buffer.from('{}'), {}],
      ['job_malformed', Buffer.from('not gzip'), { contentEncoding: 'gzip' }],
      [
        'job_malformed',
        Buffer.from(JSON.stringify({ ...job, ruleset: { name: 'No Good', revision: 0 } })),
        {},
      ],
      ['job_too_large', gzipSync(Buffer.alloc(9 * 1024 * 1024, ' ')), { contentEncoding: 'gzip' }],
      ['job_unsupported_version', Buffer.from(JSON.stringify({ ...job, apiVersion: 'fleetwall/v9' })), {}],
    ];
    const marks: string[] = [];
    for (const [code, body, options] of cases) {
      const messageId = randomUUID();
      marks.push(messageId);
      await client.publish(host.id, body, { messageId, ...options });
      const end = await client.completed(messageId);
      expect(end.data).toMatchObject({
        jobId: messageId,
        outcome: 'rejected',
        authenticated: false,
        failure: { code, stage: 'decode' },
      });
    }
    const signed = randomUUID();
    await client.publish(host.id, Buffer.from('e30.e30.e30'), {
      messageId: signed,
      contentType: 'application/jose',
    });
    expect((await client.completed(signed)).data.failure).toMatchObject({
      code: 'signer_not_trusted',
      stage: 'authorise',
    });
    // Without an id, it is answered under one that is made of its bytes, and the jobs behind it are run.
    await client.publish(host.id, Buffer.from('no id'));
    expect((await client.run(host.id, { ruleset: ruleset(1) })).data.outcome).toBe('unchanged');
    const dead = await deadLetters(marks);
    expect(dead).toEqual(new Set(marks));
  });

  it('with lines that cannot be accepted ends with all of them', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const ipv4 = table(
      'filter',
      ':edge-in - [0:0]',
      '-A INPUT -j ACCEPT',
      '-A edge-in -m comment --comment "x -j DROP',
      '-D edge-in -j DROP',
    );
    const ipv6 = table('filter', ':INPUT DROP [0:0]', '-A edge-in\u001b[2J --modprobe=/tmp/x -j DROP');
    const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4, ipv6 } });
    expect(data).toMatchObject({ outcome: 'rejected', failure: { code: 'ruleset_invalid', stage: 'lint' } });
    expect(data.failure?.lines.map(({ family, line, confidence }) => ({ family, line, confidence }))).toEqual(
      [
        { family: 'ipv4', line: 3, confidence: 'verified' },
        { family: 'ipv4', line: 4, confidence: 'verified' },
        { family: 'ipv4', line: 5, confidence: 'verified' },
        { family: 'ipv6', line: 2, confidence: 'verified' },
        { family: 'ipv6', line: 3, confidence: 'verified' },
      ],
    );
    expect(data.failure?.lines.at(-1)?.text).toContain('\\x1b[2J');
  });
});

describe('a host', () => {
  it('is reached by its groups, and no longer by one that it has left', async () => {
    const host = await fixture.host('nft', { environment: { FLEETWALL_GROUPS: 'red,blue' } });
    const client = await fixture.client();
    const connection = await connect(inject('brokerUrl'));
    const channel = await connection.createConfirmChannel();
    const returned: string[] = [];
    channel.on('return', (message) => returned.push(String(message.properties.messageId)));
    const toGroup = async (group: string) => {
      const job = makeJob(host.id, { target: { groups: [group] }, action: 'report' });
      channel.publish(JOBS_EXCHANGE, groupKey(group), Buffer.from(JSON.stringify(job)), {
        mandatory: true,
        messageId: job.id,
      });
      await channel.waitForConfirms();
      return job.id;
    };
    await client.completed(await toGroup('red'));
    await client.completed(await toGroup('blue'));
    await host.end();
    await host.start({ FLEETWALL_GROUPS: 'blue' });
    const left = await toGroup('red');
    await client.completed(await toGroup('blue'));
    expect(returned).toEqual([left]);
    await connection.close();
  });

  it('answers a ping, and ignores control messages that mean nothing to it', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const control = (fields: object) => ({
      apiVersion: 'fleetwall/v1',
      id: randomUUID(),
      issuedAt: new Date().toISOString(),
      target: { hosts: [host.id] },
      ...fields,
    });
    await client.publish(host.id, Buffer.from('nonsense'), {}, CONTROL_EXCHANGE);
    await client.publish(host.id, control({ kind: 'confirm', jobId: randomUUID() }), {}, CONTROL_EXCHANGE);
    const since = client.heard.length;
    await client.publish(host.id, control({ kind: 'ping' }), {}, CONTROL_EXCHANGE);
    await client.event(host.id, 'fleetwall.worker.heartbeat', since);
  });

  it('shares its id with no other: a second worker gets no jobs, and says why in its log', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const second = await fixture.host('nft', { id: host.id, wait: false });
    await second.logged('Another worker consumes this queue');
    expect((await client.run(host.id, { ruleset: ruleset(1) })).data.outcome).toBe('applied');
    expect(await second.namespace.save()).not.toContain('edge-in');
    // The first worker goes, and the second takes over.
    await host.end();
    const event = await client.run(host.id, { ruleset: ruleset(1) });
    expect(event.data.outcome).toBe('applied');
    expect(await second.namespace.save()).toContain('edge-in');
  });

  it('has a quorum queue by default', async () => {
    const host = await fixture.host('nft', { environment: { FLEETWALL_QUEUE_TYPE: 'quorum' } });
    const client = await fixture.client();
    expect((await client.run(host.id, { ruleset: ruleset(1) })).data.outcome).toBe('applied');
    const connection = await connect(inject('brokerUrl'));
    const channel = await connection.createChannel();
    const closed = once(channel, 'error');
    // The broker refuses to declare it with other arguments, and the refusal shows those that it has.
    const deadLetterExchange = 'fleetwall.dead';
    await channel.assertQueue(hostJobsQueue(host.id), { durable: true, deadLetterExchange }).catch(() => {});
    expect(String((await closed)[0])).toContain("'x-queue-type'");
    await connection.close();
  });
});

async function deadLetters(wanted: string[]): Promise<Set<string>> {
  const connection = await connect(inject('brokerUrl'));
  const channel = await connection.createChannel();
  const found = new Set<string>();
  for (;;) {
    const message = await channel.get(DEAD_QUEUE, { noAck: true });
    if (message === false) break;
    const id = String(message.properties.messageId);
    if (wanted.includes(id)) found.add(id);
  }
  await connection.close();
  return found;
}
