import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { SetupError } from '../../../config/setup-error.ts';
import { makeFolder } from '../../../system/make-folder.ts';
import { type ServiceFile, serviceFiles } from '../../files/service-files.ts';
import { withExamples } from '../../options/help.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printExactly, printJson } from '../../terminal/print.ts';

interface Flags {
  exec?: string;
  root: string;
  json?: true;
}

/** What systemd has to know: units, a group and folders. */
export function serviceCommand(end: (status: ExitStatus) => void): Command {
  const service = new Command('service').exitOverride();
  const withOptions = (command: Command) =>
    command
      .addOption(
        new Option('--exec <command>', 'the command line by which the unit starts fleetwall').default(
          undefined,
          'the one by which it was started now',
        ),
      )
      .option('--json', 'print one JSON object on standard output');
  const printing = withOptions(service.command('print'))
    .description('print the files that install would write')
    .action((flags: Flags) => printFiles(filesFor(flags), flags));
  const installing = withOptions(service.command('install'))
    .description('write units for the worker and for the rules at boot, a group and folders')
    .option('--root <folder>', 'the folder below which all is written, such as that of an image', '/')
    .action(async (flags: Flags) => {
      const paths = await install(filesFor(flags), flags.root);
      if (flags.json === true) printJson({ written: paths });
      else print(`${paths.map((path) => `wrote ${path}`).join('\n')}\n${NEXT}`);
      end(0);
    });
  withExamples(printing, [PRINT, ['for a program', 'fleetwall service print --json']]);
  withExamples(installing, [
    INSTALL,
    [
      'into an image, which has the command elsewhere',
      'fleetwall service install --root /mnt/image --exec /usr/bin/fleetwall',
    ],
  ]);
  return withExamples(service, [PRINT, INSTALL]);
}

const PRINT = ['look at the units before they are written', 'fleetwall service print'] as const;
const INSTALL = ['on this host', 'fleetwall service install'] as const;

const NEXT = `Now:
  systemd-sysusers && systemd-tmpfiles --create
  systemctl daemon-reload
  systemctl enable fleetwall-boot.service
  systemctl enable --now fleetwall.service
Settings are read from /etc/fleetwall/worker.yaml; secrets from /etc/credstore/fleetwall.amqp-password, -ca, -cert and -key.
`;

/**
 * As the command itself begins: Node would let garbage take twice the memory that a worker needs, and warns of what signatures are
 * checked with.
 */
const NODE_FLAGS = ['--max-semi-space-size=4', '--disable-warning=ExperimentalWarning'];

function filesFor({ exec }: Flags): ServiceFile[] {
  const main = fileURLToPath(new URL('main.js', import.meta.url));
  return serviceFiles({ command: exec ?? [process.execPath, ...NODE_FLAGS, main].join(' ') });
}

function printFiles(files: readonly ServiceFile[], { json }: Flags): void {
  if (json === true) printJson({ files });
  else printExactly(files.map(({ path, text }) => `#### ${path}\n${text}`).join('\n'));
}

async function install(files: readonly ServiceFile[], root: string): Promise<string[]> {
  try {
    for (const { path, text } of files) {
      await makeFolder(dirname(join(root, path)));
      await writeFile(join(root, path), text, { mode: 0o644 });
    }
  } catch (error) {
    throw new SetupError(`the service cannot be installed: ${(error as Error).message}`);
  }
  return files.map(({ path }) => join(root, path));
}
