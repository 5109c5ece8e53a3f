import { describe, expect, it } from 'vitest';
import { HostPolicy } from '../../src/contract/jobs/host-policy.ts';
import { Job } from '../../src/contract/jobs/job.ts';
import { authorise } from '../../src/job/intake/authorise.ts';
import { decodeJob } from '../../src/job/intake/decode.ts';
import { JobFailure } from '../../src/job/outcome/job-failure.ts';
import type { TrustedKey } from '../../src/job/ports/key-ring.ts';
import { makeJob } from '../support/client.ts';

const keyOf = (kid: string, limits: TrustedKey['limits']): TrustedKey => ({
  kid,
  limits,
  verify: async () => new Uint8Array(),
});
const identity = {
  hostId: 'web-1',
  groups: [],
  allowUnsigned: false,
  signatures: HostPolicy.parse({
    signatures: { withoutExpiry: true, lists: [{ names: ['bl*'], signers: 2 }] },
  }).signatures,
};
const list = (name: string) =>
  Job.parse(makeJob('web-1', { action: 'list.change', list: { name, revision: 1 } }));
const ruleset = Job.parse(makeJob('web-1', { ruleset: { name: 'edge', revision: 1, ipv4: '' } }));

/** The latest time that the host has seen, which the calendar of this machine is behind. */
const NOW = new Date('2100-01-01T00:00:00Z');
const clock = { now: () => NOW, vouch: () => {}, keep: async () => {} };

/** Why a job is refused; `null`: it is not. */
function refusalOf(job: Job, ...signers: TrustedKey[]): string | null {
  try {
    authorise(job, signers, { identity, clock });
    return null;
  } catch (error) {
    return (error as JobFailure).code;
  }
}

describe('who may ask for a ruleset', () => {
  it('is a key whose time is not over, whatever the calendar says now', () => {
    const key = (limits: TrustedKey['limits']) => keyOf('ci', limits);
    expect(refusalOf(ruleset, key({ notAfter: '2099-12-31T00:00:00Z' }))).toBe('signer_not_trusted');
    expect(refusalOf(ruleset, key({ notAfter: '2100-01-02T00:00:00Z' }))).toBeNull();
    expect(refusalOf(ruleset, key({ notBefore: '2099-12-31T00:00:00Z' }))).toBeNull();
  });

  it('needs a right to the lists that it has made, too, where rights to lists are limited', () => {
    const making = Job.parse(
      makeJob('web-1', { ruleset: { name: 'edge', revision: 1, ipv4: '', lists: ['office'] } }),
    );
    expect(refusalOf(making, keyOf('ci', {}))).toBeNull();
    expect(refusalOf(making, keyOf('ci', { rulesets: ['edge'] }))).toBe('signer_not_trusted');
    expect(refusalOf(making, keyOf('ci', { rulesets: ['edge'], lists: ['other'] }))).toBe(
      'signer_not_trusted',
    );
    expect(refusalOf(making, keyOf('ci', { rulesets: ['edge'], lists: ['office'] }))).toBeNull();
  });
});

describe('who may change a list', () => {
  it('is a key without limits, or one that is limited to that list', () => {
    expect(refusalOf(list('office'), keyOf('ci', {}))).toBeNull();
    expect(refusalOf(list('office'), keyOf('ci', { lists: ['office'] }))).toBeNull();
    expect(refusalOf(list('office'), keyOf('ci', { lists: ['other'] }))).toBe('signer_not_trusted');
    expect(refusalOf(list('office'), keyOf('ci', { actions: ['apply'] }))).toBe('signer_not_trusted');
  });

  it('is no key that is limited to rulesets; nor may one that is limited to lists change a ruleset', () => {
    expect(refusalOf(list('office'), keyOf('ci', { rulesets: ['edge'] }))).toBe('signer_not_trusted');
    expect(refusalOf(ruleset, keyOf('ci', { lists: ['office'] }))).toBe('signer_not_trusted');
    expect(refusalOf(ruleset, keyOf('ci', { lists: ['office'], rulesets: ['edge'] }))).toBeNull();
    const report = Job.parse(makeJob('web-1', { action: 'report', list: { name: 'office' } }));
    expect(refusalOf(report, keyOf('ci', { lists: ['office'] }))).toBeNull();
    expect(refusalOf(report, keyOf('ci', { lists: ['other'] }))).toBe('signer_not_trusted');
  });

  it('are as many as the host wants for it', () => {
    expect(refusalOf(list('blocked'), keyOf('one', {}))).toBe('signature_missing');
    expect(refusalOf(list('blocked'), keyOf('one', {}), keyOf('two', {}))).toBeNull();
  });
});

describe('a job that is larger than others may be', () => {
  const codeOf = async (job: object) => {
    const delivery = {
      body: Buffer.from(JSON.stringify(job)),
      contentType: 'application/json',
      contentEncoding: undefined,
      messageId: undefined,
      redelivered: false,
      attempt: 1,
      headers: {},
      gone: new AbortController().signal,
    };
    const read = decodeJob(delivery, { keys: async () => null });
    return await read.then(
      () => null,
      (error: unknown) => (error instanceof JobFailure ? error.code : error),
    );
  };
  const entries = Array.from(
    { length: 800_000 },
    (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  );

  it('is read if it is a whole list, and no other', async () => {
    const whole = makeJob('web-1', {
      action: 'list.replace',
      list: { name: 'blocked', revision: 1, entries },
    });
    expect(JSON.stringify(whole).length).toBeGreaterThan(8 * 1024 * 1024);
    expect(await codeOf(whole)).toBeNull();
    const change = makeJob('web-1', {
      action: 'list.change',
      rolloutId: 'list.replace',
      list: { name: 'blocked', revision: 1, add: entries },
    });
    expect(await codeOf(change)).toBe('job_too_large');
    expect(await codeOf({ ...whole, list: { entries: 'x'.repeat(64 * 1024 * 1024) } })).toBe('job_too_large');
  });
});
