import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { NamedFinding } from '../../src/doctor/examine.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

export interface Examination {
  status: number | undefined;
  findings: NamedFinding[];
  /** What a check says with a verdict, as `MESSAGE → ADVICE` a line. */
  of: (check: string, verdict: string) => string;
}

/**
 * Runs the doctor to its end.
 *
 * @param wrapper a command that becomes the doctor, such as a program that takes rights away
 */
export async function examine(
  environment: Record<string, string>,
  wrapper: readonly string[] = [],
): Promise<Examination> {
  const [file, ...args] = [...wrapper, process.execPath, MAIN, 'doctor', '--json'];
  const { exitCode, stdout, stderr } = await execa(file, args, {
    env: { PATH: process.env['PATH'], ...environment },
    extendEnv: false,
    reject: false,
  });
  expect(stderr).toBe('');
  const findings = stdout.split('\n').map((line) => JSON.parse(line) as NamedFinding);
  const of = (check: string, verdict: string) =>
    findings
      .filter((finding) => finding.check === check && finding.verdict === verdict)
      .map(({ message, advice }) => `${message} → ${advice ?? ''}`)
      .join('\n');
  return { status: exitCode, findings, of };
}

/** A wrapper with mounts of its own, which shell commands make. */
export function withMounts(...commands: string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', `set -e; ${commands.join('; ')}; exec "$@"`, 'sh'];
}
