import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/host/run-command.ts';

const shell = async (script: string, more = {}) =>
  await runCommand({ file: '/bin/sh', args: ['-c', script], timeoutMs: 20_000, ...more });

describe('a command', () => {
  const input = 'x'.repeat(10 * 1024 * 1024);

  it('gets its input, however large', async () => {
    expect(await runCommand({ file: '/usr/bin/wc', args: ['-c'], input, timeoutMs: 20_000 })).toEqual({
      exitCode: 0,
      stdout: `${input.length}\n`,
      stderr: '',
      timedOut: false,
      truncated: false,
      startError: null,
    });
  });

  it('that ends before it has read its input is reported with its exit, not with the broken pipe', async () => {
    expect(await shell('echo "line 3 is wrong" >&2; exit 2', { input })).toMatchObject({
      exitCode: 2,
      stderr: 'line 3 is wrong\n',
      startError: null,
    });
  });

  it('that runs too long is ended, even if it ignores SIGTERM', async () => {
    expect(await shell('trap "" TERM; while :; do sleep 0.1; done', { timeoutMs: 300 })).toMatchObject({
      exitCode: null,
      timedOut: true,
    });
  });

  it('that writes without end is not ended, and only the beginning of its output is kept', async () => {
    const result = await shell('head -c 20000000 /dev/zero >&2; head -c 20000000 /dev/zero; exit 7', {
      maxStdoutBytes: 1000,
    });
    expect(result).toMatchObject({ exitCode: 7, truncated: true, timedOut: false });
    expect(result.stdout).toHaveLength(1000);
    expect(result.stderr.length).toBeLessThan(100_000);
  });

  it('that does not exist, or is ended by a signal, gives a result and throws nothing', async () => {
    expect(await runCommand({ file: '/no/such/program', args: [], input, timeoutMs: 1000 })).toMatchObject({
      exitCode: null,
      startError: expect.objectContaining({ code: 'ENOENT' }),
    });
    expect(await shell('kill -9 $$')).toMatchObject({ exitCode: null, startError: null, timedOut: false });
  });

  it('gets no shell, no environment of ours, a session of its own, and one descriptor', async () => {
    process.env['FLEETWALL_SECRET'] = 's3cret';
    const echo = await runCommand({ file: '/bin/echo', args: ['$HOME; `id`', '*'], timeoutMs: 1000 });
    expect(echo.stdout).toBe('$HOME; `id` *\n');
    const descriptor = openSync('/proc/self/status', 'r');
    const { stdout } = await shell('env; cut -d " " -f 6 /proc/$$/stat; echo $$; head -c 5 <&3', {
      descriptor,
    });
    closeSync(descriptor);
    expect(stdout).not.toContain('s3cret');
    expect(stdout).toContain('LC_ALL=C\n');
    const [session, pid, status] = stdout.split('\n').slice(-3);
    expect(session).toBe(pid);
    expect(status).toBe('Name:');
  });
});
