import { once } from 'node:events';
import { execa } from 'execa';
import { RehearsalUnavailable, type ScratchNamespace } from '../job/ports/sandbox.ts';

const UNSHARE = '/usr/bin/unshare';
const CAT = '/bin/cat';
const READY_MS = 10_000;

/**
 * Makes a network namespace that lives as long as a `cat` in it. The `cat` ends when its standard input is closed, and so at the
 * latest with the worker, however that ends.
 *
 * @throws {RehearsalUnavailable} if the kernel does not allow it
 */
export async function openScratchNamespace(): Promise<ScratchNamespace> {
  const cat = execa(UNSHARE, ['--net', '--', CAT], {
    env: { LC_ALL: 'C' },
    extendEnv: false,
    detached: true,
    reject: false,
    buffer: { stdout: false, stderr: true },
    maxBuffer: 4096,
  });
  // As soon as `cat` runs in the namespace, it repeats this line: that is the sign that the namespace is ready.
  cat.stdin.on('error', () => {});
  cat.stdin.write('\n');
  const ended = cat.then(({ stderr, shortMessage }) => {
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
