import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Node publishes each new child process there: https://nodejs.org/api/diagnostics_channel.html#child-process */
const CHANNEL = 'child_process';

/**
 * Options of `execa` for a program that goes on when the worker ends, and whose end is looked at whatever it is. Its session is its own, so that
 * a Ctrl-C at the worker's terminal does not end it in the middle.
 */
export const ON_ITS_OWN = {
  // The folder that the worker runs in may be gone.
  cwd: '/',
  extendEnv: false,
  detached: true,
  cleanup: false,
  reject: false,
  buffer: false,
  encoding: 'buffer',
  stripFinalNewline: false,
} as const;

/**
 * Starts a program with `execa`. Where no more files may be opened, Node makes a child without streams, at which execa throws a
 * TypeError, and the child tells its own error later (`ChildProcess.prototype.spawn`, Node 20 to 26): without a listener, that would
 * end the worker.
 *
 * @throws {Error} of the system (`EMFILE`), if that is the case
 */
export function startProgram<T>(file: string, start: () => T): T {
  const children: ChildProcess[] = [];
  const listen = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    child.on('error', () => {});
    children.push(child);
  };
  subscribe(CHANNEL, listen);
  try {
    return start();
  } catch (error) {
    if (children.every(({ stdio }) => Array.isArray(stdio))) throw error;
    const message = `${file} cannot be started: the worker, or the whole machine, may open no more files (EMFILE)`;
    throw Object.assign(new Error(message, { cause: error }), { code: 'EMFILE' });
  } finally {
    unsubscribe(CHANNEL, listen);
  }
}
