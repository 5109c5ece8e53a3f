import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventKey } from '../../src/contract/words/names.ts';
import { decodeJob } from '../../src/job/intake/decode.ts';
import { JobFailure } from '../../src/job/outcome/job-failure.ts';
import { rulesetDigest } from '../../src/ruleset/digest.ts';
import { makeJob } from '../support/client.ts';

const delivery = (body: Buffer, more = {}) => ({
  body,
  contentType: 'application/json',
  contentEncoding: undefined,
  messageId: undefined,
  redelivered: false,
  attempt: 1,
  headers: {},
  gone: new AbortController().signal,
  ...more,
});
const ring = { keys: async () => null };
const read = async (job: object) =>
  (await decodeJob(delivery(Buffer.from(JSON.stringify(job))), ring)).message;
const codeOf = async (job: object | Buffer, more = {}) => {
  const body = Buffer.isBuffer(job) ? job : Buffer.from(JSON.stringify(job));
  const error: unknown = await decodeJob(delivery(body, more), ring).catch((reason: unknown) => reason);
  return error instanceof JobFailure ? error.code : error;
};

describe('a job', () => {
  const ruleset = { name: 'edge', revision: 1, ipv4: '' };

  it('is read with its defaults, and without unknown fields', async () => {
    const { confirm: _, ...job } = makeJob('web-1', { ruleset, new: { nested: true } });
    expect(await read(job)).toEqual({
      ...job,
      new: undefined,
      ruleset: { ...ruleset, scope: 'chains', adopt: [] },
      confirm: { mode: 'probe', timeoutSeconds: 30 },
    });
  });

  it.each([
    { action: 'remove', ruleset: { name: 'edge', revision: 2 } },
    { action: 'rollback', ruleset: { name: 'edge', revision: 2, ifRevision: 1 } },
    { action: 'report' },
    { action: 'report', ruleset: { name: 'edge' } },
    { ruleset: { ...ruleset, revision: Number.MAX_SAFE_INTEGER } },
    { ruleset, issuedAt: '2026-11-22T10:00:00.123456+02:00' },
  ])('is read with the fields %j', async (fields) => {
    expect(await read(makeJob('web-1', fields))).toMatchObject(fields);
  });

  it('is read as if a field were not there that is null', async () => {
    const nothing = { until: null, lists: null, tests: null, adopt: null, ipv6: null };
    const job = makeJob('web-1', {
      ruleset: { ...ruleset, ...nothing },
      rolloutId: null,
      expiresAt: null,
      confirm: null,
    });
    expect(await read(job)).toEqual({
      ...makeJob('web-1', { ...job, rolloutId: undefined, expiresAt: undefined, confirm: undefined }),
      ruleset: { ...ruleset, scope: 'chains', adopt: [] },
      confirm: { mode: 'probe', timeoutSeconds: 30 },
    });
    const { ruleset: _, ...envelope } = makeJob('web-1', {});
    const entries = Array.from({ length: 6_000 }, (_unused, n) => ({
      entry: `10.0.${n >> 8}.${n & 255}`,
      until: null,
    }));
    const list = { name: 'blocked', revision: 1, kind: null, entries };
    const told = await read({ ...envelope, action: 'list.replace', list });
    expect(told).toMatchObject({ list: { entries: entries.map(({ entry }) => ({ entry })) } });
    expect(await codeOf({ ...job, issuedAt: null })).toBe('job_malformed');
    expect(await codeOf({ ...envelope, action: 'list.replace', list: { ...list, entries: [null] } })).toBe(
      'job_malformed',
    );
  });

  it('has times as RFC 3339 writes them: in small letters, with a leap second', async () => {
    const until = '2016-12-31t23:59:60.5z';
    const job = makeJob('web-1', {
      issuedAt: '1990-12-31T15:59:60-08:00',
      expiresAt: '2026-11-22t11:00:00z',
      ruleset: { ...ruleset, until },
    });
    expect(await read(job)).toMatchObject({
      issuedAt: '1990-12-31T15:59:59-08:00',
      expiresAt: '2026-11-22T11:00:00Z',
      ruleset: { until: '2016-12-31T23:59:59.5Z' },
    });
    const list = { name: 'blocked', revision: 1, entries: [{ entry: '192.0.2.1', until }] };
    const entries = [{ entry: '192.0.2.1', until: '2016-12-31T23:59:59.5Z' }];
    const { ruleset: _, ...envelope } = makeJob('web-1', {});
    expect(await read({ ...envelope, action: 'list.replace', list })).toMatchObject({ list: { entries } });
    expect(await codeOf({ ...job, expiresAt: '2026-11-22T11:00:61Z' })).toBe('job_malformed');
  });

  it.each([
    { ruleset: { ...ruleset, revision: 0 } },
    { ruleset: { ...ruleset, revision: 2 ** 53 } },
    { ruleset: { ...ruleset, name: 'Edge' } },
    { ruleset: { ...ruleset, scope: 'rules' } },
    { ruleset, id: 'not-a-uuid' },
    { ruleset, issuedAt: 'yesterday' },
    { ruleset, confirm: { mode: 'probe', timeoutSeconds: 1201 } },
    { ruleset, target: { hosts: 'web-1' } },
    { action: 'remove', ruleset: { name: 'edge' } },
    { action: 'flush', ruleset },
    { action: 'apply' },
  ])('is refused with the fields %j', async (fields) => {
    expect(await codeOf(makeJob('web-1', fields))).toBe('job_malformed');
  });

  it('is refused if it has too many bytes, lines or levels, zipped or not', async () => {
    const lines = makeJob('web-1', {
      ruleset: { ...ruleset, ipv4: '\n'.repeat(150_000), ipv6: '\n'.repeat(50_001) },
    });
    expect(await codeOf(lines)).toBe('job_too_large');
    const ends = (ipv4: string) =>
      makeJob('web-1', { ruleset: { ...ruleset, ipv4, ipv6: '\n'.repeat(50_000) } });
    expect((await read(ends('\n'.repeat(150_000)))).action).toBe('apply');
    expect(await codeOf(ends(`${'\n'.repeat(150_000)}#`))).toBe('job_too_large');
    const large = Buffer.alloc(8 * 1024 * 1024 + 1, ' ');
    expect(await codeOf(large)).toBe('job_too_large');
    expect(await codeOf(gzipSync(Buffer.alloc(512 * 1024 * 1024)), { contentEncoding: 'gzip' })).toBe(
      'job_too_large',
    );
    expect(await codeOf(Buffer.from('{}'), { contentEncoding: 'br' })).toBe('job_malformed');
    expect(await codeOf(Buffer.from('['.repeat(1_000_000)))).toBe('job_malformed');
    expect(await codeOf(Buffer.from('{"__proto__":{"apiVersion":"fleetwall/v1"}}'))).toBe('job_malformed');
  });
});

it('a digest is made of name, scope and texts, with null for an absent text', () => {
  expect(rulesetDigest({ name: 'edge', scope: 'chains', ipv4: 'x', ipv6: undefined })).toBe(
    // printf '["edge","chains","x",null]' | sha256sum
    'sha256:ed13522efd918a63303eb2f7806c2fbd137170f40cf5fcef2f7f49bf0834e00f',
  );
});

it('a routing key has the outcome of a finished job', () => {
  expect(eventKey('web-1', 'fleetwall.job.completed', 'failed')).toBe('web-1.job.completed.failed');
  expect(eventKey('web-1', 'fleetwall.worker.online')).toBe('web-1.worker.online');
});
