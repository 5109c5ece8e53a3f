import { describe, expect, it } from 'vitest';
import { MAX_EVENT_BYTES } from '../../src/contract/events/event.ts';
import { escapeControl } from '../../src/contract/words/escape.ts';
import { fitDiff, fitFailure } from '../../src/job/outcome/fit-event.ts';
import { createLogger } from '../../src/log/logger.ts';

describe('text from outside', () => {
  it.each([
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['\u0085\u009b', '\\x85\\x9b'],
    ['\u202eevil\u2066', '\\u202eevil\\u2066'],
    ['\ud83d half \ude00', '\\ud83d half \\ude00'],
    ['plain – text, ä, 漢, 😀', 'plain – text, ä, 漢, 😀'],
  ])('%j is shown as %s', (text, shown) => {
    expect(escapeControl(text)).toBe(shown);
  });
});

describe('an event', () => {
  it('stays small whatever is in it, and says that it was cut', () => {
    const long = '\u0000😀'.repeat(20_000);
    const lines = Array.from({ length: 50 }, (_, index) => ({
      family: 'ipv4' as const,
      line: index + 1,
      table: 'filter',
      chain: 'a',
      text: long,
      reason: long,
      reportedLine: index + 1,
      confidence: 'reported' as const,
      context: [
        { line: index, text: long },
        { line: index + 2, text: long },
      ],
    }));
    const failure = fitFailure({
      code: 'rule_rejected',
      stage: 'apply',
      retryable: false,
      message: long,
      lines,
      command: 'iptables-restore',
      exitCode: 1,
      stderr: long,
    });
    const rules = Array.from({ length: 50_000 }, (_, index) => `-A a -s 10.0.0.${index} -j DROP`);
    const diff = fitDiff({
      added: 50_000,
      removed: 50_000,
      unchanged: 0,
      tables: [{ family: 'ipv4', table: 'filter', added: rules, removed: rules, truncated: false }],
    });
    expect(Buffer.byteLength(JSON.stringify({ failure, diff }))).toBeLessThan(MAX_EVENT_BYTES - 2048);
    expect(failure).toMatchObject({ truncated: true, lines: { length: 20 } });
    expect(failure.lines[0]?.text).toMatch(/^\\x00😀/);
    expect(diff).toMatchObject({ added: 50_000, tables: [{ truncated: true }] });
    expect(diff.tables[0]?.added.length).toBeGreaterThan(100);
  });
});

describe('a log line', () => {
  it('has fields, no secrets and no control characters', () => {
    const written: string[] = [];
    const log = createLogger(
      { level: 'debug', hostId: 'web-1' },
      { write: (line: string) => written.push(line) },
    );
    const cause = new Error('connect amqp://user:s3cret@broker:5672 failed');
    log.warn(
      {
        jobId: 'j',
        rule: 'a\u001b[2Jb\u0085',
        password: 's3cret',
        address: { password: 's3cret', hostname: 'h' },
        error: new Error('outer', { cause }),
      },
      'Something',
    );
    const [line = ''] = written;
    expect(line).not.toContain('s3cret');
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      hostId: 'web-1',
      jobId: 'j',
      rule: 'a\\x1b[2Jb\\x85',
      address: { hostname: 'h' },
      error: { message: 'outer', cause: { message: 'connect amqp://user:[secret]@broker:5672 failed' } },
      msg: 'Something',
    });
  });

  it.each([
    'amqps://u:s3cret@host',
    'password=s3cret&x=1',
    '{"password": "s3cret"}',
    '{"kty":"OKP","d":"s3cret","kid":"a"}',
    'authorization: Basic s3cret',
    "token='s3cret'",
  ])('has no secret in %s', (text) => {
    const written: string[] = [];
    const log = createLogger(
      { level: 'debug', hostId: 'a' },
      { write: (line: string) => written.push(line) },
    );
    log.info({ text, error: new Error(text) }, 'Something');
    expect(written[0]).not.toContain('s3cret');
  });
});
