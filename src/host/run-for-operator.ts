import { setImmediate as turn } from 'node:timers/promises';
import { execa } from 'execa';

const LONGEST_LINE = 500;
const KILL_AFTER_MS = 2_000;
/** What a program wrote is in the pipe when it ends, which the next turns of the loop read. */
const TURNS_TO_READ = 5;

interface End {
  /** `null`: it did not end by itself, or was not begun; `failure` says why. */
  exitCode: number | null;
  failure: string;
}

interface OperatorCommand extends End {
  /** The last line that it wrote, to either output, that is not empty. */
  lastLine: string;
}

/**
 * Runs a program that an operator has named, with the operator's own environment, and without a shell. Nothing is thrown. It is over when
 * the program is: what that has left behind is not waited for.
 *
 * @param signal - ends it, as its time limit does
 */
export async function runForOperator(
  [file = '', ...args]: readonly string[],
  { folder, timeoutSeconds }: { folder: string; timeoutSeconds: number },
  signal?: AbortSignal,
): Promise<OperatorCommand> {
  // The last lines are what counts: of a program that writes without end, no more is kept.
  let tail = '';
  const keep = (chunk: Uint8Array) => {
    tail = (tail + Buffer.from(chunk).toString('utf8')).slice(-4 * LONGEST_LINE);
  };
  const child = execa(file, args, {
    cwd: folder,
    // A group of its own: what it has started is ended with it.
    detached: true,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    encoding: 'buffer',
  });
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<End>((resolve) => {
    child.once('exit', (exitCode, by) => resolve({ exitCode, failure: by === null ? '' : `ended by ${by}` }));
  });
  // Settles as well if it was not begun, but otherwise waits for all who have its outputs.
  const closed = child.then(({ exitCode, signal: by, shortMessage }): End => {
    const failure = by === undefined ? (shortMessage ?? 'it was not begun') : `ended by ${by}`;
    return exitCode === undefined ? { exitCode: null, failure } : { exitCode, failure: '' };
  });
  const limit = endEarly(child.pid, timeoutSeconds, signal);
  const end = await Promise.race([exited, closed, limit.killed]);
  limit.clear();
  for (let turns = 0; turns < TURNS_TO_READ; turns += 1) await turn();
  // Where something else still has them, they would be open as long as that runs.
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  const lastLine = (tail.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, LONGEST_LINE);
  return { lastLine, ...(limit.reason === null ? end : { exitCode: null, failure: limit.reason }) };
}

/** Ends a group of programs when its time is over, or with the signal; with SIGKILL if it does not go by itself. */
function endEarly(pid: number | undefined, timeoutSeconds: number, signal: AbortSignal | undefined) {
  const kill = (how: NodeJS.Signals) => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, how);
    } catch {
      // It has ended.
    }
  };
  let hardEnd: NodeJS.Timeout | undefined;
  let giveUp: (end: End) => void = () => {};
  const limit = {
    /** `null`: it was left to end by itself. */
    reason: null as string | null,
    /** Once no more can be done: a program that hangs in the kernel outlives even SIGKILL for a while. */
    killed: new Promise<End>((resolve) => (giveUp = resolve)),
    clear() {
      clearTimeout(timer);
      clearTimeout(hardEnd);
      signal?.removeEventListener('abort', onAbort);
    },
  };
  const begin = (reason: string) => {
    if (limit.reason !== null) return;
    limit.reason = reason;
    kill('SIGTERM');
    hardEnd = setTimeout(() => {
      kill('SIGKILL');
      giveUp({ exitCode: null, failure: reason });
    }, KILL_AFTER_MS);
  };
  const onAbort = () => begin('it was interrupted');
  const timer = setTimeout(() => begin(`no end within ${timeoutSeconds} s`), timeoutSeconds * 1000);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  return limit;
}
