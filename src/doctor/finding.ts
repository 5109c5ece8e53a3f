import type { WorkerSettings } from '../config/worker-settings.ts';
import type { RunCommand } from '../host/command.ts';
import type { Log } from '../job/ports/log.ts';
import type { NetworkNamespace } from '../netfilter/tables/namespace.ts';
import type { Programs } from '../netfilter/tables/programs.ts';

type Verdict = 'ok' | 'warning' | 'failure';

/** What was seen. `advice` says what to do about it, or what it means here; `null`: there is nothing to say. */
export interface Finding {
  verdict: Verdict;
  message: string;
  advice: string | null;
}

/** The host, and what is needed to look at it. */
export interface Examined {
  settings: WorkerSettings;
  run: RunCommand;
  namespace: NetworkNamespace;
  programs: Programs;
  log: Log;
}

export function ok(message: string, advice: string | null = null): Finding {
  return { verdict: 'ok', message, advice };
}

export function warning(message: string, advice: string): Finding {
  return { verdict: 'warning', message, advice };
}

export function failure(message: string, advice: string): Finding {
  return { verdict: 'failure', message, advice };
}

export const RUN_MS = 10_000;

/** Runs a program in the managed network namespace. @returns what it prints. @throws {Error} with its message if it fails */
export async function runInside(
  { namespace, run }: Examined,
  file: string,
  args: readonly string[],
): Promise<string> {
  const [first = file, ...rest] = [...namespace.prefix, file, ...args];
  const { exitCode, stdout, stderr, startError } = await run({ file: first, args: rest, timeoutMs: RUN_MS });
  if (exitCode !== 0)
    throw new Error(`${file}: ${startError?.message ?? (stderr.trim() || `status ${exitCode}`)}`);
  return stdout;
}

/** The text of a kernel's file as it is in that namespace; `null`: it does not exist. @throws {Error} if it cannot be read */
export async function readInside(host: Examined, path: string): Promise<string | null> {
  try {
    return await runInside(host, '/bin/cat', [path]);
  } catch (error) {
    if ((error as Error).message.includes(`${path}: No such file`)) return null;
    throw error;
  }
}
