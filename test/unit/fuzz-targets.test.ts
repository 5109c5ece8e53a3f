import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TARGETS, takeAwayFiles } from '../support/fuzz-targets.ts';

afterAll(takeAwayFiles);

/** A text with some of its bytes cut out, doubled or replaced. */
function damaged(seed: string) {
  const text = Buffer.from(seed);
  const edit = fc.record({ at: fc.nat(text.length), cut: fc.nat(12), put: fc.uint8Array({ maxLength: 6 }) });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) =>
    edits.reduce((bytes, { at, cut, put }) => {
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
    }, text),
  );
}

describe('of what others have written', () => {
  it.each(Object.entries(TARGETS))(
    'a %s that is damaged ends in an error that says so',
    async (_, target) => {
      const { seeds, throws } = target;
      for (const seed of seeds) {
        await fc.assert(
          fc.asyncProperty(damaged(seed), async (bytes) => {
            try {
              await target.read(bytes);
            } catch (error) {
              expect(throws.map(({ name }) => name)).toContain((error as Error).constructor.name);
            }
          }),
          { numRuns: 150 },
        );
      }
    },
  );
});
