import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeNetwork } from './network.ts';

/** The folder of a demo, and of what it leaves for the next one to clean up. */
export const FOLDER = '/tmp/fleetwall-demo';
const STATE = join(FOLDER, 'state.json');

interface DemoState {
  hosts: string[];
  processes: { pid: number; startTime: string }[];
  folders: string[];
}

export async function remember(hosts: string[], pids: readonly number[], folders: string[]): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const processes = await Promise.all(pids.map(async (pid) => ({ pid, startTime: await startTime(pid) })));
  await writeFile(STATE, JSON.stringify({ hosts, processes, folders } satisfies DemoState));
}

/** Ends the processes that a demo has left running, by their ids, and removes its namespaces and folders. */
export async function cleanUp(hosts: readonly string[]): Promise<void> {
  const text = await readFile(STATE, 'utf8').catch(() => null);
  const state = text === null ? { hosts: [], processes: [], folders: [] } : (JSON.parse(text) as DemoState);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const running: number[] = [];
    for (const { pid, startTime: known } of state.processes) {
      // The process id may belong to another process by now.
      if (known !== '' && (await startTime(pid)) === known) running.push(pid);
    }
    for (const pid of running) process.kill(-pid, signal);
    if (running.length > 0) await sleep(1500);
  }
  await removeNetwork([...new Set([...hosts, ...state.hosts])]);
  for (const folder of [...state.folders, FOLDER]) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** When a process was started, in ticks since boot; empty if there is no such process. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
