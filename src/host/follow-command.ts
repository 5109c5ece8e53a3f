import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { FollowCommand } from './command.ts';
import { ENVIRONMENT } from './run-command.ts';

/** Runs a program until it is stopped, or this process exits. */
export const followCommand: FollowCommand = ({ file, args, onLine, onEnd }) => {
  const child = execa(file, args, {
    env: ENVIRONMENT,
    extendEnv: false,
    reject: false,
    buffer: { stdout: false, stderr: true },
    maxBuffer: 4096,
    stdin: 'ignore',
  });
  let isStopped = false;
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
