import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceHeaders } from '../../src/job/intake/trace-headers.ts';

// Of W3C Trace Context.
const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const STATE = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';

describe('the trace that events carry on', () => {
  it('is what W3C Trace Context has, and nothing else', () => {
    expect(traceHeaders({ traceparent: PARENT, tracestate: STATE, other: 'x' })).toEqual({
      traceparent: PARENT,
      tracestate: STATE,
    });
    expect(traceHeaders({ traceparent: PARENT })).toEqual({ traceparent: PARENT });
    expect(traceHeaders({})).toEqual({});
  });

  it('may be of a later version, which has more', () => {
    const traceparent = `cc${PARENT.slice(2)}-what-the-future-brings`;
    expect(traceHeaders({ traceparent, tracestate: STATE })).toEqual({ traceparent, tracestate: STATE });
  });

  it.each([
    ['of another kind', { a: 1 }],
    ['empty', ''],
    ['long', 'a'.repeat(65_440)],
    ['long in a later version', `cc${PARENT.slice(2)}-${'a'.repeat(65_000)}`],
    ['of no version', `ff${PARENT.slice(2)}`],
    ['of the first version with more', `${PARENT}-more`],
    ['of the later one with more that no dash parts', `cc${PARENT.slice(2)}.more`],
    ['in capitals', PARENT.toUpperCase()],
    ['without a trace', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['without a parent', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['with a line of its own', `${PARENT}\n`],
  ])('is left out whole where its parent is %s', (_, traceparent) => {
    expect(traceHeaders({ traceparent, tracestate: STATE })).toEqual({});
  });

  it.each([
    ['of another kind', 7],
    ['not in ASCII', 'a=ü'],
    ['with control characters', 'a=\u001b[31m'],
    ['one long member', `a=${'b'.repeat(65_000)}`],
  ])('goes without its state where that is %s', (_, tracestate) => {
    expect(traceHeaders({ traceparent: PARENT, tracestate })).toEqual({ traceparent: PARENT });
  });

  it('has of a long state the first members, whole, up to 512 characters', () => {
    const members = fc.array(fc.stringMatching(/^[a-z]{1,9}=[a-z0-9]{1,200}$/), {
      minLength: 1,
      maxLength: 32,
    });
    fc.assert(
      fc.property(members, (all) => {
        const { tracestate = '' } = traceHeaders({ traceparent: PARENT, tracestate: all.join(',') });
        const kept = tracestate.split(',');
        expect(all.slice(0, kept.length)).toEqual(kept);
        expect(tracestate.length).toBeLessThanOrEqual(512);
        const next = all[kept.length];
        if (next !== undefined) expect(`${tracestate},${next}`.length).toBeGreaterThan(512);
      }),
    );
  });
});
