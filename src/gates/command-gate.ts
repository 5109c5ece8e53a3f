import { runForOperator } from '../host/run-for-operator.ts';
import { type Finding, inconclusive } from './finding.ts';

/** Exit status 0 passes, 1 fails; any other, and a program that cannot be run or takes too long, says nothing. */
export async function lookByCommand(
  { command, timeoutSeconds }: { command: readonly string[]; timeoutSeconds: number },
  folder: string,
  signal?: AbortSignal,
): Promise<Finding> {
  const wanted = 'exit status 0';
  const { exitCode, lastLine, failure } = await runForOperator(command, { folder, timeoutSeconds }, signal);
  const said = lastLine === '' ? '' : `: ${lastLine}`;
  if (exitCode === null) return inconclusive(wanted, `${failure}${said}`);
  const value = String(exitCode);
  const reason = `exit status ${exitCode}${said}`;
  if (exitCode === 0) return { verdict: 'pass', value, wanted, reason };
  return exitCode === 1 ? { verdict: 'fail', value, wanted, reason } : inconclusive(wanted, reason, value);
}
