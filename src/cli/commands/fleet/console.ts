import { stat } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { plural } from '../../../central/messages/plural.ts';
import {
  CLIENT_SETTING_NAMES,
  type ClientSettingName,
  loadClientSettings,
} from '../../../config/client-settings.ts';
import { HttpAddress, isLoopback } from '../../../config/http-address.ts';
import { SetupError } from '../../../config/setup-error.ts';
import { runConsole } from '../../../console/run-console.ts';
import { readInputText } from '../../files/read-input.ts';
import { Interrupted } from '../../options/fleet-options.ts';
import { optionsUnder, withExamples } from '../../options/help.ts';
import { collect, readDuration } from '../../options/read-values.ts';
import { withSettings } from '../../options/setting-options.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { tellAside } from '../../terminal/live-view.ts';
import { print, printJson } from '../../terminal/print.ts';

type Flags = Partial<Record<ClientSettingName, string>> & {
  listen: HttpAddress;
  name: string[];
  tokenFile?: string;
  since: number;
  json?: true;
};

const LEAST_TOKEN = 16;
/** Others than its owner and its group can read a file. */
const READ_BY_OTHERS = 0o004;

/** The fleet on a page, for the room where people look rather than type. */
export function consoleCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('console')
    .addOption(
      new Option('--listen <address>', 'the address of the page, HOST:PORT or PORT')
        .argParser(readAddress)
        .default({ host: '127.0.0.1', port: 9465 }, '127.0.0.1:9465'),
    )
    .option(
      '--token-file <file>',
      'a file with a token that a person has to give before anything is shown; without it, only this machine may be listened on',
    )
    .option(
      '--name <host>',
      'a name, besides that of the address, by which browsers ask for the page, such as that of the proxy before it; may be given several times',
      collect,
      [],
    )
    .addOption(
      new Option('--since <duration>', 'how far back to read the log of events, such as 4h or 30d')
        .argParser(readDuration)
        .default(30 * 86_400, '30d'),
    );
  command.option('--json', 'print the address as JSON on standard output');
  optionsUnder('The broker:', command, (under) => withSettings(under, CLIENT_SETTING_NAMES)).action(
    async (flags: Flags) => end(await serve(flags)),
  );
  return withExamples(command, [
    ['on this machine, for whoever is logged in here', 'fleetwall console'],
    [
      'behind a proxy that does TLS, for whoever has the token',
      'fleetwall console --listen 10.77.0.5:9465 --name fleet.example --token-file /etc/fleetwall/console.token',
    ],
  ]);
}

async function serve(flags: Flags): Promise<ExitStatus> {
  const { listen, tokenFile, json } = flags;
  const token = tokenFile === undefined ? null : await readToken(tokenFile);
  if (token === null && !isLoopback(listen.host))
    throw new SetupError(
      `${listen.host} can be reached by others: say who may look (--token-file FILE), or listen on 127.0.0.1`,
    );
  if (!isLoopback(listen.host))
    tellAside('nothing is encrypted here: TLS is for the proxy before it to do, and the token goes over it');
  const stop = new AbortController();
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') =>
    stop.abort(new Interrupted(signal, 'the console was not up yet'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  await runConsole({
    connect: {
      settings: await loadClientSettings(flags),
      signWith: [],
      name: 'fleetwall console',
      onNote: tellAside,
    },
    address: listen,
    names: flags.name,
    token,
    since: new Date(Date.now() - flags.since * 1000),
    pageFolder: new URL('../console/', import.meta.url).pathname,
    onListening: (url) => (json === true ? printJson({ url }) : print(`the fleet on a page: ${url}\n`)),
    onRead: ({ hosts, events, seconds }) =>
      tellAside(
        `the log of events is read: ${plural(hosts, 'host')}, ${plural(events, 'event')} besides heartbeats, in ${seconds.toFixed(1)} s`,
      ),
    signal: stop.signal,
  });
  return 0;
}

/** @throws {SetupError} */
async function readToken(path: string): Promise<string> {
  const token = (await readInputText(path)).trim();
  if (token.length < LEAST_TOKEN || /\s/.test(token))
    throw new SetupError(
      `${path}: a token has at least ${LEAST_TOKEN} characters, and no blanks; make one with: openssl rand -hex 24 > ${path}`,
    );
  // In a container, such a file often is: there, nobody else is on the machine.
  if (path !== '-' && ((await stat(path)).mode & READ_BY_OTHERS) !== 0)
    tellAside(
      `${path} can be read by everybody on this machine, who may so look at the page: chmod 600 ${path}`,
    );
  return token;
}

function readAddress(text: string): HttpAddress {
  const read = HttpAddress.safeParse(text);
  if (!read.success)
    throw new InvalidArgumentError('HOST:PORT, such as 127.0.0.1:9465, or a port of this machine.');
  return read.data;
}
