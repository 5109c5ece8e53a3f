import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandRequest } from '../../../src/host/command.ts';
import { runCommand } from '../../../src/host/run-command.ts';
import { ProgramStarters } from '../../../src/host/starter/program-starters.ts';
import { STARTER_PROGRAM } from '../../../src/host/starter/starter-program.ts';
import { silentLog } from '../../../src/log/logger.ts';
import { isRunning } from '../../support/processes.ts';

const SHELL = '/bin/sh';
const shell = (script: string, more: Partial<CommandRequest> = {}): CommandRequest => ({
  file: SHELL,
  args: ['-c', script],
  timeoutMs: 10_000,
  ...more,
});

/** Each is run both ways, and has to come out alike. */
const PROGRAMS: Record<string, CommandRequest> = {
  'ends well, and prints': shell('echo out; echo err >&2'),
  'ends with a status': shell('exit 75'),
  'is ended by a signal': shell('kill -KILL $$'),
  'reads nothing': { file: '/bin/cat', args: [], timeoutMs: 10_000 },
  'reads an empty text': { file: '/bin/cat', args: [], input: '', timeoutMs: 10_000 },
  'reads and prints more than a pipe holds': {
    file: '/bin/cat',
    args: [],
    input: 'a line\n'.repeat(300_000),
    timeoutMs: 60_000,
  },
  'ends before it has read its input': shell('exit 3', { input: 'x'.repeat(1_000_000) }),
  'closes what it reads and goes on': shell('exec <&-; sleep 0.1; echo done', {
    input: 'x'.repeat(1_000_000),
  }),
  'closes what it prints and goes on': shell('exec >&- 2>&-; sleep 0.1; exit 4'),
  'leaves a program behind that goes on printing': shell('(sleep 0.2; echo late) & echo early'),
  'prints bytes that are no UTF-8': shell(String.raw`printf '\377\300\n'`, { encoding: 'latin1' }),
  'reads bytes that are no UTF-8': {
    file: '/bin/cat',
    args: [],
    input: 'ÿÀ\n',
    encoding: 'latin1',
    timeoutMs: 10_000,
  },
  'prints more than is kept': shell('yes | head -c 100000', { maxStdoutBytes: 1_000 }),
  'complains more than is kept': shell('yes | head -c 100000 >&2'),
  'takes too long': shell('echo begun; sleep 60', { timeoutMs: 300 }),
  'takes too long, with what it has started': shell('sleep 60 & sleep 60', { timeoutMs: 300 }),
  'takes too long, and does not end when told to': shell("trap '' TERM; while :; do sleep 0.1; done", {
    timeoutMs: 300,
  }),
  'is not there': { file: '/nonexistent/program', args: [], timeoutMs: 10_000 },
  'may not be run': { file: '/etc/hostname', args: [], timeoutMs: 10_000 },
  'has arguments with all that is odd': {
    file: '/usr/bin/printf',
    args: ['<%s>', '', ' ', '$HOME', '`id`', "'", '"', '\\', '\n', 'ä€😀', '-n'],
    timeoutMs: 10_000,
  },
  'has its own environment, and no more': shell('env | grep -v ^PWD= | sort', {
    environment: { XTABLES_LOCKFILE: '/a=b c', EMPTY: '' },
  }),
  'runs in a folder that is always there': { file: '/bin/pwd', args: [], timeoutMs: 10_000 },
  'has signals as any program': shell("grep -E '^Sig(Ign|Blk)' /proc/self/status"),
};

it('the small process is a strict Perl program, without a warning', async () => {
  const args = ['-Mstrict', '-Mwarnings', '-c', '-e', STARTER_PROGRAM];
  expect((await runCommand({ file: '/usr/bin/perl', args, timeoutMs: 10_000 })).stderr).toBe(
    '-e syntax OK\n',
  );
});

describe('programs that are started by the small process that holds a lock', () => {
  let folder: string;
  let path: string;
  let starters: ProgramStarters;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-starter-'));
    path = join(folder, 'lock');
    starters = new ProgramStarters(runCommand, silentLog());
  });
  afterEach(async () => {
    // Its process ends with the tests at the latest.
    await rm(folder, { recursive: true });
  });

  const ask = async (seconds: number) =>
    await starters.lock(path, seconds, async () => await open(path, 'a+'));

  async function take() {
    const lock = await ask(10);
    if (!lock.isHeld) throw new Error('the lock is not to be had');
    return lock;
  }

  const isLocked = async () =>
    (await runCommand({ file: '/usr/bin/flock', args: ['-n', path, 'true'], timeoutMs: 5_000 })).exitCode !==
    0;

  /** The process that starts programs now. */
  const starterPid = async () => Number((await starters.run(shell('echo $PPID'))).stdout);

  it.each(Object.entries(PROGRAMS))('%s', async (_, request) => {
    const lock = await take();
    const [ours, direct] = await Promise.all([starters.run(request), runCommand(request)]);
    const told = ({ startError, ...rest }: typeof ours) => ({ ...rest, code: startError?.code ?? null });
    expect(told(ours)).toEqual(told(direct));
    await lock.close();
  });

  it('are started by it, and each line is given on as it comes', async () => {
    const lock = await take();
    const lines: string[] = [];
    await starters.run(
      shell('ps -o comm= -p $PPID; echo two; printf three', { onLine: (line) => lines.push(line) }),
    );
    expect(lines).toEqual(['perl', 'two', 'three']);
    await lock.close();
  });

  it('run side by side, and get their own answers', async () => {
    const lock = await take();
    const ends = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const { stdout } = await starters.run(
          shell(`cat | wc -c; echo ${index}`, { input: 'x'.repeat(index * 9_973) }),
        );
        return stdout.split('\n').map(Number).slice(0, 2);
      }),
    );
    expect(ends).toEqual(ends.map((_, index) => [index * 9_973, index]));
    await lock.close();
  });

  it('have the lock if they are to, also when both who hold it are gone', async () => {
    const lock = await take();
    expect(await isLocked()).toBe(true);
    const without = starters.run(shell('sleep 0.8'));
    await lock.leave();
    expect(await isLocked()).toBe(false);
    await without;

    const again = await take();
    const running = starters.run(shell('sleep 0.8', { descriptor: again.file.fd }));
    await again.leave();
    expect(await isLocked()).toBe(true);
    await running;
    expect(await isLocked()).toBe(false);
  });

  it('are started by the same one under the next lock, which others could have had in between', async () => {
    const lock = await take();
    const first = await starterPid();
    await lock.leave();
    expect(await isLocked()).toBe(false);
    const next = await take();
    expect(await isLocked()).toBe(true);
    expect(await starterPid()).toBe(first);
    await next.close();
    expect(await isLocked()).toBe(false);
  });

  it.each([
    ['was ended', ''],
    ['was told to end, and did so', 'trap "exit 0" TERM; '],
  ])('are started by another one after a program %s that may have left something behind', async (_, trap) => {
    const lock = await take();
    const first = await starterPid();
    const descriptor = lock.file.fd;
    const left = await starters.run(
      shell(`${trap}setsid sleep 3 >/dev/null 2>&1 & sleep 60 & wait`, { descriptor, timeoutMs: 300 }),
    );
    expect(left.timedOut).toBe(true);
    await lock.leave();
    // What was left behind has the lock, as no one has let go of it.
    expect(await isLocked()).toBe(true);
    const next = await take();
    expect(await starterPid()).not.toBe(first);
    await next.close();
  });

  it('are started by another one where it has died since the last lock', async () => {
    const lock = await take();
    const first = await starterPid();
    await lock.leave();
    process.kill(first, 'SIGKILL');
    await expect.poll(async () => await isRunning(first)).toBe(false);
    const next = await take();
    expect(await isLocked()).toBe(true);
    expect(await starterPid()).not.toBe(first);
    await next.close();
  });

  it('are started by one each, where two locks of a file are asked for at the same time', async () => {
    const lock = await take();
    const second = take();
    expect(await isLocked()).toBe(true);
    await lock.leave();
    const next = await second;
    expect(await isLocked()).toBe(true);
    await next.leave();
    expect(await isLocked()).toBe(false);
  });

  it('are started anew when no lock was wanted for some time', async () => {
    starters = new ProgramStarters(runCommand, silentLog(), { keptMs: 100 });
    const lock = await take();
    const first = await starterPid();
    await lock.leave();
    await expect.poll(async () => await isRunning(first)).toBe(false);
    const next = await take();
    expect(await starterPid()).not.toBe(first);
    await next.close();
  });

  it('are started by few that wait for the next lock, however many locks there were', async () => {
    const pids: number[] = [];
    for (let number = 0; number < 7; number += 1) {
      const one = join(folder, `list-${number}`);
      const lock = await starters.lock(one, 10, async () => await open(one, 'a+'));
      pids.push(await starterPid());
      await lock.leave();
    }
    const running = async () => {
      const are = await Promise.all(pids.map(async (pid) => await isRunning(pid)));
      return are.filter(Boolean).length;
    };
    expect(new Set(pids).size).toBe(7);
    await expect.poll(running).toBe(4);
  });

  it('are ended with it, and the next one is started directly: the lock is still held', async () => {
    const lock = await take();
    const descriptor = lock.file.fd;
    const pidFile = join(folder, 'pid');
    const starter = await starterPid();
    const running = starters.run(shell(`echo $$ >${pidFile}; sleep 60`, { descriptor }));
    await expect.poll(async () => (await runCommand(shell(`cat ${pidFile}`))).stdout).toMatch(/^\d+\n$/);
    const pid = Number((await runCommand(shell(`cat ${pidFile}`))).stdout);
    process.kill(starter, 'SIGKILL');
    expect(await running).toMatchObject({ exitCode: null, startError: null, timedOut: false });
    expect(await isRunning(pid)).toBe(false);
    expect(await isLocked()).toBe(true);
    const next = await starters.run(shell('ps -o comm= -p $PPID; echo next', { descriptor }));
    expect(next.stdout).toContain('next');
    expect(next.stdout).not.toContain('perl');
    await lock.leave();
    expect(await isLocked()).toBe(false);
  });

  it('wait for a lock that another process has, for as long as they are to', async () => {
    const other = runCommand({ file: '/usr/bin/flock', args: [path, 'sleep', '1.5'], timeoutMs: 10_000 });
    await expect.poll(isLocked).toBe(true);
    const busy = await ask(0);
    expect(busy.isHeld).toBe(false);
    await busy.close();
    const lock = await take();
    await other;
    expect(await isLocked()).toBe(true);
    await lock.close();
  });

  it('are started directly where there is no interpreter', async () => {
    starters = new ProgramStarters(runCommand, silentLog(), { perl: '/nonexistent/perl' });
    const lock = await take();
    expect(await isLocked()).toBe(true);
    const echo = shell('echo direct', { descriptor: lock.file.fd });
    expect((await starters.run(echo)).stdout).toBe('direct\n');
    await lock.leave();
    expect(await isLocked()).toBe(false);
  });
});
