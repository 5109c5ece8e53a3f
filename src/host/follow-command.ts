import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { FollowCommand } from './command.ts';
import { ENVIRONMENT } from './run-command.ts';
import { startProgram } from './start-program.ts';

/** Runs a program until it is stopped, or this process exits. */
export const followCommand: FollowCommand = ({ file, args, onLine, onEnd }) => {
  let isStopped = false;
  const child = startOr(file, args, (reason) => {
    if (!isStopped) onEnd(reason);
  });
  if (child === null)
    return {
      stop() {
        isStopped = true;
      },
    };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!isStopped) onLine(line);
  });
  void child.then(({ stderr, shortMessage }) =>
    isStopped ? undefined : onEnd(stderr || (shortMessage ?? 'it ended')),
  );
  return {
    stop() {
      isStopped = true;
      child.kill('SIGKILL');
    },
  };
};

/** @returns `null` if it cannot be started, which is told later, as its end would be */
function startOr(file: string, args: readonly string[], onFailed: (reason: string) => void) {
  try {
    return startProgram(file, () =>
      execa(file, args, {
        env: ENVIRONMENT,
        extendEnv: false,
        reject: false,
        buffer: { stdout: false, stderr: true },
        maxBuffer: 4096,
        stdin: 'ignore',
      }),
    );
  } catch (error) {
    setImmediate(() => onFailed((error as Error).message));
    return null;
  }
}
