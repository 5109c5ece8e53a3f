import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 30_000;

/**
 * Waits until a process has a child whose command line contains `word`, or a child has one: programs of a host are started by a small process.
 *
 * @returns the pid of that child
 */
export async function childOf(pid: number, word: string): Promise<number> {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    const own = await children(pid);
    for (const child of [...own, ...(await Promise.all(own.map(children))).flat()]) {
      if ((await read(`/proc/${child}/cmdline`)).includes(word)) return child;
    }
    await sleep(1);
  }
  throw new Error(`process ${pid} had no child ${word}`);
}

/** Whether a process still runs; one that has ended and was not waited for (a zombie) does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const state = await stateOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

export async function isStopped(pid: number): Promise<boolean> {
  return (await stateOf(pid)) === 'T';
}

async function stateOf(pid: number): Promise<string | undefined> {
  return /^State:\s+(\w)/m.exec(await read(`/proc/${pid}/status`))?.[1];
}

async function children(pid: number): Promise<number[]> {
  const text = await read(`/proc/${pid}/task/${pid}/children`);
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
