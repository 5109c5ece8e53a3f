import { execa } from 'execa';

const LONGEST_LINE = 500;
const KILL_AFTER_MS = 2_000;

interface OperatorCommand {
  /** `null`: it did not end by itself, or was not begun; `failure` says why. */
  exitCode: number | null;
  /** The last line that it wrote, to either output, that is not empty. */
  lastLine: string;
  failure: string;
}

/** Runs a program that an operator has named, with the operator's own environment, and without a shell. Nothing is thrown. */
export async function runForOperator(
  [file = '', ...args]: readonly string[],
  { folder, timeoutSeconds }: { folder: string; timeoutSeconds: number },
): Promise<OperatorCommand> {
  // The last lines are what counts: of a program that writes without end, no more is kept.
  let tail = '';
  const keep = (chunk: Uint8Array) => {
    tail = (tail + Buffer.from(chunk).toString('utf8')).slice(-4 * LONGEST_LINE);
  };
  const child = execa(file, args, {
    cwd: folder,
    // A group of its own: what it has started ends with it.
    detached: true,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    encoding: 'buffer',
  });
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const limit = { isOver: false };
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const timers = [
    setTimeout(() => {
      limit.isOver = true;
      kill('SIGTERM');
    }, timeoutSeconds * 1000),
    setTimeout(() => kill('SIGKILL'), timeoutSeconds * 1000 + KILL_AFTER_MS),
  ];
  const result = await child;
  for (const timer of timers) clearTimeout(timer);
  const lastLine = (tail.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, LONGEST_LINE);
  const { exitCode, signal, shortMessage } = result;
  if (limit.isOver) return { exitCode: null, lastLine, failure: `no end within ${timeoutSeconds} s` };
  if (exitCode !== undefined) return { exitCode, lastLine, failure: '' };
  return {
    exitCode: null,
    lastLine,
    failure: signal === undefined ? (shortMessage ?? 'it was not begun') : `ended by ${signal}`,
  };
}
