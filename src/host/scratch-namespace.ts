import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { RestoreFailed } from '../job/ports/firewall.ts';
import { RehearsalUnavailable, type ScratchNamespace } from '../job/ports/sandbox.ts';
import { isShortage } from '../job/ports/shortage.ts';
import { startProgram } from './start-program.ts';
import { TimeLimit } from './time-limit.ts';

const UNSHARE = '/usr/bin/unshare';
const CAT = '/bin/cat';
const READY_MS = 10_000;
/** Who is told to end by its standard input, and is not stuck, ends at once. */
const ENDING_MS = 1_000;
const A_SETTING = '/proc/sys/net/ipv4/ip_forward';
const NEEDS_MOUNT =
  ': /proc/sys is for reading only here, so a /proc has to be mounted: run the container with profiles that let mount through (--security-opt apparmor=unconfined, or seccomp=FILE)';

/** A program in a network namespace of its own, which is gone when the program ends. */
export interface ScratchProgram {
  pid: number;
  write(text: string): void;
  /** Rejects when the program has ended. */
  ended: Promise<never>;
  /** Lets it end, and ends it with all that it has started if it does not: what hangs may hold nobody up. */
  letGo(): Promise<void>;
}

/** Starts a program in a new network namespace, in a process group of its own. That its standard input is closed is no error. */
function startThere(command: readonly string[], flags: readonly string[] = []) {
  const child = startProgram(UNSHARE, () =>
    execa(UNSHARE, ['--net', ...flags, '--', ...command], {
      cwd: '/',
      env: { LC_ALL: 'C' },
      extendEnv: false,
      detached: true,
      reject: false,
      buffer: { stdout: false, stderr: true },
      maxBuffer: 4096,
    }),
  );
  child.stdin.on('error', () => {});
  return child;
}

/**
 * Starts a program that ends with its standard input, and so at the latest with the worker, however that ends. It can set what its
 * namespace has below /proc/sys/net: in a container that is mounted for reading only, even for namespaces of one's own, and so it
 * gets a mount of its own.
 */
export function openScratchProgram(
  command: readonly string[],
  onLine: (line: string) => void,
): ScratchProgram {
  const isWritable = areSettingsWritable();
  const child = startThere(command, isWritable ? [] : ['--mount-proc']);
  let begun = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    const lines = (begun + chunk).split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  const ended = child.then(({ stderr, shortMessage, cause }): never => {
    if (isShortage(cause)) throw cause;
    const needed = isWritable ? '' : NEEDS_MOUNT;
    throw new RehearsalUnavailable(
      `packets cannot be tried in a network namespace: ${stderr || shortMessage}${needed}`,
    );
  });
  ended.catch(() => {});
  return {
    pid: child.pid ?? 0,
    write: (text) => void child.stdin.write(text, 'latin1'),
    ended,
    async letGo() {
      child.stdin.end();
      if (await isOver(child)) return;
      if (child.exitCode === null && child.signalCode === null)
        await new TimeLimit(child.pid, ENDING_MS).kill();
    },
  };
}

async function isOver(child: Promise<unknown>): Promise<boolean> {
  const stop = new AbortController();
  const late = sleep(ENDING_MS, false, { signal: stop.signal }).catch(() => false);
  const over = await Promise.race([child.then(() => true), late]);
  stop.abort();
  return over;
}

function areSettingsWritable(): boolean {
  try {
    accessSync(A_SETTING, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a network namespace that lives as long as a `cat` in it. The `cat` ends when its standard input is closed, and so at the
 * latest with the worker, however that ends.
 *
 * @throws {RehearsalUnavailable} if the kernel does not allow it
 * @throws {RestoreFailed} if the program was killed
 * @throws {Error} of the system, if it is short of something now
 */
export async function openScratchNamespace(): Promise<ScratchNamespace> {
  const cat = startThere([CAT]);
  // As soon as `cat` runs in the namespace, it repeats this line: that is the sign that the namespace is ready.
  cat.stdin.write('\n');
  const ended = cat.then(({ stderr, shortMessage, signal, cause }) => {
    if (isShortage(cause)) throw cause;
    if (signal !== undefined) {
      throw new RestoreFailed({
        kind: 'killed',
        message: `it was ended by ${signal}`,
        lines: [],
        command: 'unshare',
        exitCode: null,
        stderr,
      });
    }
    throw new RehearsalUnavailable(
      `no network namespace can be made to try rules in (${stderr || shortMessage}): the worker needs CAP_SYS_ADMIN and ${UNSHARE}`,
    );
  });
  ended.catch(() => {});
  await Promise.race([once(cat.stdout, 'data', { signal: AbortSignal.timeout(READY_MS) }), ended]);
  return {
    pid: cat.pid ?? 0,
    async letGo() {
      cat.stdin.end();
      await cat;
    },
  };
}
