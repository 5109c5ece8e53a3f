import { join } from 'node:path';
import { execa } from 'execa';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

export interface Ended {
  status: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a fleetwall command to its end, without the settings in the environment of this process. */
export async function fleetwall(
  args: readonly string[],
  { input = '', environment = {} }: { input?: string; environment?: Record<string, string> } = {},
): Promise<Ended> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args], {
    input,
    env: { PATH: process.env['PATH'], ...environment },
    extendEnv: false,
    reject: false,
  });
  return { status: exitCode, stdout, stderr };
}
