import { join } from 'node:path';
import { execa } from 'execa';
import type { TestNamespace } from './namespace.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

export interface Ended {
  status: number | undefined;
  stdout: string;
  stderr: string;
}

/** With these, a command works on a namespace as on a host, with its state in a folder. */
export function settingsFor({ name, backend }: TestNamespace, folder: string): Record<string, string> {
  return {
    FLEETWALL_NETNS: name,
    FLEETWALL_BACKEND: backend,
    FLEETWALL_STATE_DIR: join(folder, 'state'),
    FLEETWALL_RUN_DIR: join(folder, 'run'),
  };
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
