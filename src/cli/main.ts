#!/usr/bin/env -S node --max-semi-space-size=4 --disable-warning=ExperimentalWarning
import { runCommandLine } from './program.ts';
import { asksForJson, tellError } from './terminal/tell-error.ts';

/** What goes on although nobody reads what it tells: it must not be left in the middle. */
const GOES_ON = new Set(['worker', 'apply', 'push', 'rollout', 'rollback', 'remove', 'settle', 'provision']);

// Whoever reads only the first lines (head) wants no more: that is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (stream === process.stdout && !GOES_ON.has(process.argv[2] ?? '')) process.exit();
  });

// Node would print the line of the bundle in which it was thrown, which is the whole of it.
process.on('uncaughtException', (error: Error) => {
  const message = `an error in fleetwall itself, please report it:\n${error.stack}`;
  process.exit(tellError({ code: 'internal', message, exitStatus: 1 }, asksForJson(process.argv)));
});

process.exitCode = await runCommandLine(process.argv);
// Whoever has pressed TAB does not wait until a connection is closed.
if (process.argv[2] === 'complete') process.exit();
