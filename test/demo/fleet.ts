import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { HUB, inside, namespaceOf } from './network.ts';
import { RULESETS } from './rulesets.ts';
import { FOLDER } from './state.ts';

export const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const KEY = join(FOLDER, 'demo.key');
const TRUSTED_KEYS = join(FOLDER, 'trusted-keys.json');
/** The command `fleetwall` with the settings of an operator of this fleet. */
export const OPERATOR_COMMAND = join(FOLDER, 'fleetwall');

/** Makes the key that the hosts trust, the files to push, and the operator's command, which knows the broker and the key. */
export async function makeFiles(brokerUrl: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const { stdout } = await execa(process.execPath, [MAIN, 'keys', 'generate', KEY, '--kid', 'demo']);
  await writeFile(TRUSTED_KEYS, stdout);
  for (const [name, text] of Object.entries(RULESETS)) await writeFile(join(FOLDER, name), text);
  const enter = inside(HUB, process.execPath, MAIN).join(' ');
  const script = `#!/bin/sh
export FLEETWALL_AMQP_URL=${brokerUrl} FLEETWALL_SIGNING_KEY=${KEY}
exec ${enter} "$@"
`;
  await writeFile(OPERATOR_COMMAND, script);
  await chmod(OPERATOR_COMMAND, 0o755);
}

/** Starts the worker of a host in the host's namespace. @returns its process id */
export async function startWorker(host: string, brokerUrl: string): Promise<number> {
  const folder = join(FOLDER, host);
  await mkdir(folder, { recursive: true });
  const output = openSync(join(folder, 'worker.log'), 'a');
  const [enter, ...args] = inside(namespaceOf(host), process.execPath, MAIN, 'worker');
  const worker = spawn(enter, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      FLEETWALL_HOST_ID: host,
      FLEETWALL_GROUPS: host.replace(/-\d+$/, ''),
      FLEETWALL_AMQP_URL: brokerUrl,
      FLEETWALL_TRUSTED_KEYS: TRUSTED_KEYS,
      FLEETWALL_STATE_DIR: join(folder, 'state'),
      FLEETWALL_RUN_DIR: join(folder, 'run'),
    },
  });
  closeSync(output);
  worker.unref();
  return worker.pid ?? 0;
}

/**
 * Runs a command of an operator in the folder with the files, and shows the command and its output.
 *
 * @throws {Error} if it ends with another status than `expected`
 */
export async function operate(command: string, expected: number): Promise<void> {
  console.log(`\n$ fleetwall ${command}`);
  const child = spawn(OPERATOR_COMMAND, command.split(' '), { cwd: FOLDER, stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== expected) throw new Error(`it ended with ${status}, and should have with ${expected}`);
}
