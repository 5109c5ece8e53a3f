import type { ExitStatus } from './exit-status.ts';
import { tellError } from './tell-error.ts';

/** What goes on although nobody reads what it tells: it must not be left in the middle. */
const GOES_ON = new Set(
  'worker,apply,push,rollout,rollback,remove,settle,provision,list add,list remove,list replace,list delete,list follow'.split(
    ',',
  ),
);

/**
 * What a command prints may find no reader or no room: that is no fault of the command, and must not end a change in its midst.
 *
 * @param exit ends the process
 */
export function withstandLostOutput(argv: readonly string[], exit: (status: ExitStatus) => void): void {
  const [command = '', subcommand = ''] = argv.slice(2);
  const goesOn = GOES_ON.has(command) || GOES_ON.has(`${command} ${subcommand}`);
  let isTold = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads only the first lines (head) wants no more: that is no error.
    if (error.code === 'EPIPE') {
      if (!goesOn) exit(0);
      return;
    }
    if (isTold) return;
    isTold = true;
    const after = goesOn ? '; it goes on, and what comes of it is not all told' : '';
    const message = `standard output cannot be written: ${error.message}${after}`;
    const status = tellError({ code: 'system_error', message, exitStatus: 2 }, false);
    if (!goesOn) return exit(status);
    // That a host failed says more.
    process.on('exit', (code) => {
      if (code === 0) process.exitCode = status;
    });
  });
  // There is nobody left to tell.
  process.stderr.on('error', () => {});
}
