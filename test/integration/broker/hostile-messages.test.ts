import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { COMPLETED_EXAMPLE } from '../../../src/contract/schema/event-examples.ts';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { FileOutboxStore } from '../../../src/host/state/outbox-store.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();
const MIB = 1024 * 1024;

type Hostile = { body: Buffer; contentType?: string; contentEncoding?: string; headers?: object };

/** A job with this id as JSON, with a field added or replaced. */
function jobText(id: string, json: string): Buffer {
  const job = JSON.stringify({ ...makeJob('x', { action: 'report' }), id });
  return Buffer.from(`${job.slice(0, -1)},${json}}`);
}

type Case = [string, string, (id: string) => Hostile];

const HOSTILE: Case[] = [
  ['nothing', 'job_malformed', () => ({ body: Buffer.alloc(0) })],
  ['no UTF-8', 'job_malformed', () => ({ body: Buffer.from([0x7b, 0xff, 0xfe, 0xc0, 0x80, 0x7d]) })],
  [
    'half of a surrogate',
    'job_malformed',
    (id) => ({ body: jobText(id, String.raw`"rolloutId":"\ud800","id":7`) }),
  ],
  ['8 MiB of brackets', 'job_malformed', () => ({ body: Buffer.alloc(8 * MIB - 1, '[') })],
  [
    'a depth of a million, closed',
    'job_malformed',
    () => ({ body: Buffer.from('['.repeat(1e6) + ']'.repeat(1e6)) }),
  ],
  [
    'a deep target',
    'job_malformed',
    (id) => ({ body: jobText(id, `"target":${'{"hosts":'.repeat(1e5)}1${'}'.repeat(1e5)}`) }),
  ],
  [
    'a bomb of gzip',
    'job_too_large',
    () => ({ body: gzipSync(Buffer.alloc(1024 * MIB)), contentEncoding: 'gzip' }),
  ],
  [
    'a bomb in a bomb',
    'job_malformed',
    () => ({ body: gzipSync(gzipSync(Buffer.alloc(64 * MIB))), contentEncoding: 'gzip' }),
  ],
  [
    'gzip that is cut',
    'job_malformed',
    () => ({ body: gzipSync(Buffer.alloc(99_999)).subarray(0, 50), contentEncoding: 'gzip' }),
  ],
  [
    'an encoding of its own',
    'job_malformed',
    () => ({ body: Buffer.from('{}'), contentEncoding: 'br\u001b[31m' }),
  ],
  ['12 MiB', 'job_too_large', () => ({ body: Buffer.alloc(12 * MIB, ' ') })],
  [
    'keys of the prototype',
    'job_malformed',
    (id) => ({
      body: jobText(
        id,
        '"__proto__":{"action":"apply"},"constructor":{"prototype":{"x":1}},"action":"__proto__"',
      ),
    }),
  ],
  [
    'a number too large',
    'job_malformed',
    (id) => ({ body: jobText(id, '"action":"apply","ruleset":{"name":"a","revision":1e400}') }),
  ],
  [
    'a revision of 400 digits',
    'job_malformed',
    (id) => ({ body: jobText(id, `"action":"remove","ruleset":{"name":"a","revision":${'9'.repeat(400)}}`) }),
  ],
  [
    'a time of the year 999999',
    'job_malformed',
    (id) => ({ body: jobText(id, '"issuedAt":"+999999-12-31T00:00:00Z"') }),
  ],
  [
    '300,000 hosts',
    'not_addressed',
    (id) => ({
      body: jobText(id, `"target":{"hosts":[${Array.from({ length: 300_000 }, () => '"a"').join(',')}]}`),
    }),
  ],
  [
    '300,000 wrong hosts',
    'job_malformed',
    (id) => ({
      body: jobText(id, `"target":{"hosts":[${Array.from({ length: 300_000 }, () => '1').join(',')}]}`),
    }),
  ],
  [
    'a JWS of dots',
    'job_malformed',
    () => ({ body: Buffer.alloc(MIB, '.'), contentType: 'application/jose' }),
  ],
  [
    'a JWS that is not one',
    'job_malformed',
    () => ({ body: Buffer.from('{"payload":1}'), contentType: 'application/jose+json' }),
  ],
  [
    '9 signatures',
    'job_malformed',
    () => ({
      body: Buffer.from(
        JSON.stringify({
          payload: '',
          signatures: Array.from({ length: 9 }, () => ({ protected: '', signature: '' })),
        }),
      ),
      contentType: 'application/jose+json',
    }),
  ],
  [
    'a header of nonsense',
    'signer_not_trusted',
    () => ({ body: Buffer.from('____.____.____'), contentType: 'application/jose' }),
  ],
  [
    '5,000 headers',
    'not_addressed',
    (id) => ({
      body: jobText(id, '"target":{}'),
      headers: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`h${n}`, true])),
    }),
  ],
  [
    'a trace of another kind',
    'not_addressed',
    (id) => ({
      body: jobText(id, '"target":{}'),
      headers: { traceparent: { a: [1, { b: 2 }] }, tracestate: 7 },
    }),
  ],
  ...['traceparent', 'tracestate'].map(
    (name): Case => [
      `a ${name} as long as headers can be`,
      'not_addressed',
      (id) => ({
        body: jobText(id, '"target":{}'),
        headers: {
          traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
          [name]: 'a'.repeat(65_300),
        },
      }),
    ],
  ),
  ...[0.5, -5, 1e300].map(
    (count): Case => [
      `a count of deliveries of ${count}`,
      'not_addressed',
      (id) => ({ body: jobText(id, '"target":{}'), headers: { 'x-delivery-count': count } }),
    ],
  ),
];

describe('hostile messages', () => {
  it('each have a clear verdict, in bounded memory, and the worker goes on', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const idle = await peakKib(host.pid);
    for (const [name, code, make] of HOSTILE) {
      const id = randomUUID();
      const { body, ...properties } = make(id);
      const options = { contentType: 'application/json', ...properties };
      await client.publish(host.id, body, { ...options, messageId: id });
      const { data } = await client.completed(id);
      expect.soft(data, name).toMatchObject({ outcome: 'rejected', authenticated: false, failure: { code } });
      expect.soft(data.failure?.message.length, name).toBeLessThan(600);
      expect.soft(/\p{Cc}/u.test(data.failure?.message ?? ''), name).toBe(false);
      // The same to the control queue, and once more without a message id.
      await client.publish(host.id, body, { ...options, messageId: id }, CONTROL_EXCHANGE);
      await client.publish(host.id, body, options);
    }
    const ruleset = { name: 'edge', revision: 1, ipv4: '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n' };
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
    const ping = makeJob(host.id, { kind: 'ping', jobId: randomUUID() });
    const since = client.heard.length;
    await client.publish(host.id, ping, {}, CONTROL_EXCHANGE);
    await client.event(host.id, 'fleetwall.worker.heartbeat', since);
    expect((await peakKib(host.pid)) - idle).toBeLessThan(250 * 1024);
    const log = await host.log();
    expect(log).not.toMatch(/\n {4}at /);
    expect(log.match(/Control message was refused/g)).toHaveLength(HOSTILE.length);
  });

  it('have left an event of which no message can be made: it is told of, and holds up nothing', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await host.end();
    const store = new FileOutboxStore(host.stateDir);
    const headers = { traceparent: 'a'.repeat(65_400) };
    await store.put({ sequence: 1, event: { ...COMPLETED_EXAMPLE, subject: randomUUID() }, headers });
    await host.start();
    expect((await client.run(host.id, { action: 'report' })).data.outcome).toBe('reported');
    await expect.poll(async () => await store.list()).toEqual([]);
    expect(await host.log()).toContain('An event is dropped, as it cannot be sent');
    expect(await host.log()).not.toContain('publishing of events');
  });
});

/** The most memory that a process has had so far, in KiB: proc(5), VmHWM. */
async function peakKib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
}
