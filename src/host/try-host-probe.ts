import { fileURLToPath } from 'node:url';
import type { CommandResult, RunCommand } from './command.ts';

interface HostProbe {
  kind: 'tcp' | 'http' | 'icmp';
  target: string;
  name: string;
  timeoutSeconds: number;
}

const PING = '/usr/bin/ping';
const CONNECT = fileURLToPath(new URL('connect-probe.js', import.meta.url));
/** Added to the probe's own limit: the time that a process needs to start on a busy machine. */
const START_MS = 2_000;

/**
 * Tries to reach something from the network namespace whose rules are managed.
 *
 * @param prefix what runs a command in that namespace
 * @returns why it failed, in words; `null` if it did not
 */
export async function tryHostProbe(
  { kind, target, name, timeoutSeconds }: HostProbe,
  prefix: readonly string[],
  run: RunCommand,
): Promise<string | null> {
  const limit = String(Math.ceil(timeoutSeconds));
  const command =
    kind === 'icmp'
      ? [PING, '-n', '-q', '-c', '1', '-W', limit, '-w', limit, '--', target]
      : [process.execPath, CONNECT, kind, target, String(timeoutSeconds)];
  const [file = '', ...args] = [...prefix, ...command];
  const result = await run({ file, args, timeoutMs: timeoutSeconds * 1000 + START_MS });
  return result.exitCode === 0 ? null : `probe "${name}" failed: ${reasonOf(kind, result)}`;
}

function reasonOf(kind: HostProbe['kind'], { stderr, startError, timedOut }: CommandResult): string {
  if (startError !== null) {
    return kind === 'icmp'
      ? `${PING} cannot be run (${startError.message}): install the package iputils-ping`
      : startError.message;
  }
  if (timedOut) return 'no answer in time';
  return stderr.trim() || 'no answer';
}
