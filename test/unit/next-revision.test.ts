import { describe, expect, it } from 'vitest';
import { revisionFor } from '../../src/central/fleet/next-revision.ts';
import { RequestInvalid } from '../../src/central/messages/errors.ts';

const RULESET = { name: 'edge', revision: 'next', ipv4: '*filter\nCOMMIT\n' } as const;

/** The next revision for hosts that have these; `null`: the host is not known. */
async function next(revisions: Record<string, number | null>, hosts = Object.keys(revisions)) {
  const known = Object.entries(revisions).flatMap(([hostId, revision]) =>
    revision === null
      ? []
      : [[hostId, { hostId, groups: [], rulesets: [{ name: 'edge', revision }], removed: [] }] as const],
  );
  const observer = { fleet: async () => ({ hosts: new Map(known) }) };
  return await revisionFor(observer as never, RULESET, { hosts });
}

describe('the next revision', () => {
  it('is one above the highest of the hosts that are asked, whatever others have', async () => {
    expect(await next({ a: 7, b: 9, c: null })).toBe(10);
    expect(await next({ a: 7, b: 9, c: 2 ** 52 }, ['a', 'b'])).toBe(10);
    expect(await next({ a: null })).toBe(1);
  });

  it('may follow numbers that are dates, also to hosts that are new', async () => {
    expect(await next({ a: 2_026_112_201, b: 2_026_112_201, c: null })).toBe(2_026_112_202);
    expect(await next({ a: 1, b: 2_026_112_201, c: 2_026_112_201 })).toBe(2_026_112_202);
  });

  it.each<[string, Record<string, number>, string]>([
    ['beyond what anybody means', { a: 2 ** 40 + 1 }, 'host a says that it has revision 1099511627777'],
    [
      'far above all others',
      { a: 3, b: 4, c: 1_000_005 },
      'host c says that it has revision 1000005 of ruleset edge, and the others have at most 4',
    ],
    ['far above the one other', { a: 3, b: 5_000_000 }, 'host b'],
    ['the highest that there is', { a: 3, b: 4, c: Number.MAX_SAFE_INTEGER }, 'host c'],
  ])('is not taken from a number that is %s', async (_, revisions, message) => {
    const answer = next(revisions);
    await expect(answer).rejects.toBeInstanceOf(RequestInvalid);
    await expect(answer).rejects.toThrow(message);
  });
});
