#!/usr/bin/env -S node --max-semi-space-size=4 --disable-warning=ExperimentalWarning
import { runCommandLine } from './program.ts';
import { withstandLostOutput } from './terminal/lost-output.ts';
import { asksForJson, tellError } from './terminal/tell-error.ts';

withstandLostOutput(process.argv, (status) => process.exit(status));

// Node would print the line of the bundle in which it was thrown, which is the whole of it.
process.on('uncaughtException', (error: Error) => {
  const message = `an error in fleetwall itself, please report it:\n${error.stack}`;
  process.exit(tellError({ code: 'internal', message, exitStatus: 1 }, asksForJson(process.argv)));
});

process.exitCode = await runCommandLine(process.argv);
// Whoever has pressed TAB does not wait until a connection is closed.
if (process.argv[2] === 'complete') process.exit();
