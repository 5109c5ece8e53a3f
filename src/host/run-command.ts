import { execa } from 'execa';
import { type CommandRequest, inputBytes, type RunCommand } from './command.ts';
import { ProgramOutput, type Sink } from './program-output.ts';
import { ON_ITS_OWN, startProgram } from './start-program.ts';
import { TimeLimit } from './time-limit.ts';

/** Enough for iptables to find its own parts. Programs get nothing of the worker's own environment. */
export const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Runs a program to its end. Whatever that is, it is a result, and nothing is thrown: of a program that ends before it has read
 * its input, the result has the exit, not the broken pipe.
 */
export const runCommand: RunCommand = async (request) => {
  const output = new ProgramOutput(request);
  let child: ReturnType<typeof start>;
  try {
    child = startProgram(request.file, () => start(request, output));
  } catch (error) {
    return output.resultOf({ exitCode: null, timedOut: false, startError: error as Error });
  }
  const limit = new TimeLimit(child.pid, request.timeoutMs);
  const result = await child;
  limit.clear();
  return output.resultOf({
    exitCode: result.exitCode ?? null,
    timedOut: limit.isOver,
    startError: startErrorOf(result),
  });
};

function start(request: CommandRequest, { stdout, stderr }: ProgramOutput) {
  const { file, args, environment, descriptor } = request;
  const input = inputBytes(request);
  return execa(file, args, {
    ...ON_ITS_OWN,
    env: { ...ENVIRONMENT, ...environment },
    stdio: [
      input === undefined ? 'ignore' : [input],
      collect(stdout),
      collect(stderr),
      // Any descriptor is passed on, though execa's types only know the first three.
      ...(descriptor === undefined ? [] : [descriptor as 1]),
    ],
  });
}

function collect(text: Sink) {
  return {
    // oxlint-disable-next-line require-yield -- nothing is passed on: what is kept is kept in `text`
    *transform(chunk: unknown) {
      text.add(chunk as Uint8Array);
    },
    binary: true,
  } as const;
}

function startErrorOf(result: { exitCode?: number; signal?: string; cause?: unknown }): Error | null {
  if (result.exitCode !== undefined || result.signal !== undefined) return null;
  return result.cause instanceof Error ? result.cause : new Error('the program could not be started');
}
