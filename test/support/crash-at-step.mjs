/**
 * Loaded into a worker before its own code: ends it with SIGKILL at one step of its state. Each rename, link or removal of a file
 * has two steps, one before it and one after. `FLEETWALL_TEST_CRASH` names a file with the number of the step at which to end;
 * steps are counted from when that file exists, and anew if it was gone. With `FLEETWALL_TEST_CRASH_STARTS`, each file that is opened
 * to be written to and each program that is started is a step, too.
 */

import { subscribe } from 'node:diagnostics_channel';
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const order = process.env.FLEETWALL_TEST_CRASH ?? '';
let left = null;

function step() {
  if (!existsSync(order)) {
    left = null;
    return;
  }
  const number = Number(readFileSync(order, 'utf8'));
  // It is just being written.
  if (left === null && number === 0) return;
  left = (left ?? number) - 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

for (const name of ['rename', 'link', 'unlink', 'rmdir', 'rm']) {
  const original = fs[name];
  fs[name] = async (...args) => {
    step();
    const result = await original(...args);
    step();
    return result;
  };
}
if (process.env.FLEETWALL_TEST_CRASH_STARTS !== undefined) {
  const { open } = fs;
  fs.open = async (path, flags, ...rest) => {
    if (flags === 'r+') step();
    return await open(path, flags, ...rest);
  };
  subscribe('child_process', () => step());
  subscribe('fleetwall:program', () => step());
}
syncBuiltinESMExports();
