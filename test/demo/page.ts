import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free-ports.ts';
import { MAIN } from './fleet.ts';
import { HUB, inside } from './network.ts';
import { FOLDER } from './state.ts';

const RELAY = join(import.meta.dirname, 'relay.ts');
const SOCKET = join(FOLDER, 'page.socket');

/**
 * Serves the fleet on a page. The broker is in the hub, and the browser is not: the console runs there, and a port of this machine leads
 * to it.
 *
 * @returns where the page is, and the ids of the processes
 */
export async function startPage(brokerUrl: string): Promise<{ url: string; pids: number[] }> {
  const port = await freePort();
  const node = [process.execPath, ...process.execArgv];
  const pids = [
    start(brokerUrl, inside(HUB, process.execPath, MAIN, 'console', '--listen', `127.0.0.1:${port}`)),
    start(brokerUrl, inside(HUB, ...node, RELAY, SOCKET, String(port))),
    // Whoever has started this is not in the hub.
    start(brokerUrl, [
      'nsenter',
      `--net=/proc/${process.ppid}/ns/net`,
      '--',
      ...node,
      RELAY,
      String(port),
      SOCKET,
    ]),
  ];
  return { url: `http://127.0.0.1:${port}/`, pids };
}

function start(brokerUrl: string, [program = '', ...args]: string[]): number {
  const output = openSync(join(FOLDER, 'page.log'), 'a');
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: brokerUrl },
  });
  closeSync(output);
  child.unref();
  return child.pid ?? 0;
}
