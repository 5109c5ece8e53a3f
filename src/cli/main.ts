#!/usr/bin/env -S node --max-semi-space-size=4 --disable-warning=ExperimentalWarning
import { runCommandLine } from './program.ts';

// Whoever reads only the first lines (head) wants no more: that is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });

// Node would print the line of the bundle in which it was thrown, which is the whole of it.
process.on('uncaughtException', (error: Error) => {
  process.stderr.write(`fleetwall: an error in fleetwall itself, please report it:\n${error.stack}\n`);
  process.exit(1);
});

process.exitCode = await runCommandLine(process.argv);
