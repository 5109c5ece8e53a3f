import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControlMessage } from '../../src/contract/jobs/control.ts';
import { decodeJob, decodeJson } from '../../src/job/intake/decode.ts';
import { JobFailure } from '../../src/job/outcome/job-failure.ts';
import type { Delivery } from '../../src/job/ports/delivery.ts';
import { readError } from '../../src/netfilter/tables/read-error.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { readOptions } from '../../src/ruleset/text/read-options.ts';
import { splitWords } from '../../src/ruleset/text/split-words.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';

/** Any bytes, as a program or a stranger may send them. */
const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('utf8'));

const RULE_PIECES = [
  '*filter',
  '*nat',
  '*',
  'COMMIT',
  ' COMMIT',
  ':a - [0:0]',
  ':a',
  ':',
  ':INPUT DROP [1:2]',
  '[1:2] ',
  '[x] ',
  '-A a',
  '-I INPUT',
  '-A',
  '-X a',
  ' -j a',
  ' -j',
  ' -g a',
  ' -s 10.0.0.1',
  ' -s a,b',
  ' --modprobe=x',
  ' -ft nat',
  ' "',
  ' \\',
  " '",
  '\t',
  '\r',
  '\0',
  '\u202e',
  '\u0085',
  '#',
  '!',
  ' ',
  '\n',
  '\n',
  '\n',
  'ä',
  '😀',
  '\ud800',
];
const TOOL_PIECES = [
  'iptables-restore',
  'ip6tables-nft-restore',
  ' v1.8.9 (nf_tables): ',
  ': line ',
  'line ',
  ' failed',
  '.',
  ': ',
  'Error occurred at line: ',
  "unable to initialize table 'filter'",
  'RULE_APPEND failed (Invalid argument)',
  ': rule in chain ',
  "Can't set policy `",
  "' on `",
  "' line ",
  'COMMIT expected at line ',
  'Another app is currently holding the xtables lock',
  '\n',
  '\n',
];

/** A text made of pieces that mean something to iptables, in any order. */
const ruleText = fc
  .array(fc.constantFrom(...RULE_PIECES), { maxLength: 60 })
  .map((pieces) => pieces.join(''));

const toolText = fc
  .array(fc.oneof(fc.constantFrom(...TOOL_PIECES), fc.nat(50).map(String), bytes), { maxLength: 30 })
  .map((pieces) => pieces.join(''));

describe('any text', () => {
  it('is read as a ruleset, or refused with lines that it has', () => {
    fc.assert(
      fc.property(
        fc.oneof(ruleText, bytes),
        fc.constantFrom('chains' as const, 'tables' as const),
        (ipv4, scope) => {
          const { tables, problems } = readWanted({ scope, ipv4 });
          const count = ipv4.split('\n').length;
          const lines = problems.map(({ line }) => line);
          expect(lines.every((line) => Number.isInteger(line) && line >= 1 && line <= count)).toBe(true);
          expect(new Set(lines).size).toBe(lines.length);
          expect(problems.every(({ reason }) => reason !== '')).toBe(true);
          if (tables.ipv4.size === 0) expect(problems).not.toEqual([]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('is read as live rules, as words and as options', () => {
    fc.assert(
      fc.property(fc.oneof(ruleText, bytes), (text) => {
        for (const table of readSavedTables(text).values())
          expect(table.rules.every((rule) => rule.text.startsWith('-A '))).toBe(true);
        const words = splitWords(text);
        if (!text.includes('"')) expect(words.some((word) => /[ \t]/.test(word))).toBe(false);
        const { options, stray } = readOptions(words);
        const taken = options.flatMap(({ values }) => values).length + stray.length;
        // `""` is a word, too, as for iptables (add_param_to_argv in xshared.c).
        const most = words.reduce((sum, word) => sum + Math.max(1, word.length), 0);
        expect(taken).toBeLessThanOrEqual(most);
      }),
      { numRuns: 5000 },
    );
  });

  it('is read as an error of iptables, of a known kind or as unknown', () => {
    const commitLine = fc.option(fc.integer({ min: 1, max: 40 }), { nil: null });
    fc.assert(
      fc.property(toolText, fc.option(fc.nat(5), { nil: null }), commitLine, (stderr, exitCode, commit) => {
        const error = readError({ exitCode, stderr, commitLine: commit });
        expect(error.kind).toMatch(/^[a-z-]+$/);
        expect(typeof error.message).toBe('string');
        expect(error.lines.every(({ line }) => Number.isInteger(line))).toBe(true);
        // Only faults of these kinds may name lines.
        if (error.lines.length > 0) expect(['rule', 'commit']).toContain(error.kind);
      }),
      { numRuns: 5000 },
    );
  });

  it('is read in a time that grows no faster than the text', () => {
    // A regular expression that backtracks would not end in the time that a test has.
    const long = 200_000;
    for (const piece of ['-', ' ', '"', '\\', ':', '[', '-j ', '--', '=', 'a', '!']) {
      const text = `*filter\n-A INPUT ${piece.repeat(long)}\n:${piece.repeat(long)}\n${piece.repeat(long)}`;
      expect(readWanted({ scope: 'chains', ipv4: text }).problems.length).toBeGreaterThan(0);
      expect(readError({ exitCode: 1, stderr: piece.repeat(long), commitLine: 3 }).kind).toBe('unknown');
      expect(
        readError({ exitCode: 1, stderr: `iptables-restore: line ${piece.repeat(long)}`, commitLine: 3 })
          .kind,
      ).toBe('unknown');
    }
  });
});

const RING = { keys: async () => null };

function delivery(body: Uint8Array, fields: Partial<Delivery> = {}): Delivery {
  const gone = new AbortController().signal;
  return {
    body,
    contentType: 'application/json',
    contentEncoding: undefined,
    messageId: 'a',
    redelivered: false,
    attempt: 1,
    headers: {},
    gone,
    ...fields,
  };
}

const JOB = {
  apiVersion: 'fleetwall/v1',
  id: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  action: 'apply',
  kind: 'confirm',
  jobId: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  issuedAt: '2026-11-22T10:00:00Z',
  target: { hosts: ['web-1'], groups: ['web'], all: true },
  ruleset: { name: 'edge', revision: 7, ipv4: '*filter\nCOMMIT\n', adopt: ['a'] },
  confirm: { mode: 'probe', timeoutSeconds: 30 },
};

/** A job with one member replaced or added, also under names that mean something to JavaScript. */
const almostJobs = fc
  .tuple(
    fc.constantFrom(...Object.keys(JOB), '__proto__', 'constructor', 'toString'),
    fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(1e308, -0, 2 ** 53, '', '\ud800')),
    fc.constantFrom('application/json', 'application/jose', 'application/jose+json', '', undefined),
    fc.constantFrom('gzip', '', undefined),
  )
  .map(([key, value, contentType, contentEncoding]) => {
    const text = JSON.stringify(JOB).replace(/}$/, `,${JSON.stringify(key)}:${JSON.stringify(value)}}`);
    return delivery(Buffer.from(text), { contentType, contentEncoding });
  });

describe('the decoders', () => {
  it.each([
    ['any bytes', fc.uint8Array({ maxLength: 400 }).map((body) => delivery(body))],
    ['what is almost a job', almostJobs],
  ])('read %s as a message or refuse it, and do nothing else', async (_, deliveries) => {
    await fc.assert(
      fc.asyncProperty(deliveries, async (message) => {
        for (const decode of [decodeJob, decodeJson]) {
          const result = await decode(message, RING).catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(JobFailure);
          else ControlMessage.safeParse((result as { message: unknown }).message);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('read a message with 100,000 headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`h${index}`, index]));
    const { message } = await decodeJob(delivery(Buffer.from(JSON.stringify(JOB)), { headers }), RING);
    expect(message.id).toBe(JOB.id);
  });
});
