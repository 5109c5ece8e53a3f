import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { hostsOf, lookOnce } from '../../../central/ask/select.ts';
import { CrowdSec } from '../../../central/follow/crowdsec.ts';
import { followBans } from '../../../central/follow/follow-bans.ts';
import { countEnds } from '../../../central/rollout/told-ends.ts';
import { SettingsError } from '../../../config/settings-error.ts';
import { readInputText } from '../../files/read-input.ts';
import { askFirst } from '../../options/ask-first.ts';
import {
  type AnswerFlags,
  type ExpiryFlags,
  type FleetFlags,
  Interrupted,
  type SelectionFlags,
  selectionOf,
  withClient,
  withExpiry,
  withFleetOptions,
  withSelectionOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { readListName, readPause } from '../../options/read-values.ts';

import { showListAnswers } from '../../show/show-list-answers.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { tellAside } from '../../terminal/live-view.ts';
import { print, printJson } from '../../terminal/print.ts';

type Flags = FleetFlags &
  AnswerFlags &
  ExpiryFlags &
  SelectionFlags & { url: string; keyFile: string; list: string; every: number };

export function followCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('follow')
    .description('keep a list as somebody else decides, until it is interrupted')
    .addArgument(new Argument('<source>', 'who decides').choices(['crowdsec']))
    .addOption(
      new Option('--url <url>', "the address of CrowdSec's local API")
        .argParser(readUrl)
        .default('http://127.0.0.1:8080'),
    )
    .requiredOption('--key-file <file>', 'a file with the key of a bouncer, as cscli bouncers add prints it')
    .addOption(
      new Option('--list <name>', 'the list that is kept; nothing else should change it')
        .argParser(readListName)
        .default('crowdsec'),
    )
    .addOption(
      new Option('--every <duration>', 'how often to ask for what is new, such as 10s or 1m')
        .argParser(readPause)
        .default(10, '10s'),
    );
  withSelectionOptions(withExpiry(withTimeout(withFleetOptions(command)))).action(
    async (_: string, flags: Flags, self: Command) => end(await follow(flags, self)),
  );
  return withExamples(command, [
    [
      'what the CrowdSec of this machine bans, on every host',
      'fleetwall list follow crowdsec --key-file /etc/fleetwall/crowdsec.key --all --yes',
    ],
    [
      'another one, into another list, on a group',
      'fleetwall list follow crowdsec --url https://crowdsec.example:8080 --key-file crowdsec.key --list blocked --group web --yes',
    ],
  ]);
}

async function follow(flags: Flags, self: Command): Promise<ExitStatus> {
  const selection = selectionOf(flags, self);
  const key = (await readInputText(flags.keyFile)).trim();
  // It becomes a header.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new SettingsError(`--key-file: there is no key in ${flags.keyFile}`);
  try {
    return await withClient<ExitStatus>(flags, async (client, signal) => {
      const hosts = await hostsOf(lookOnce(client, { signal }), selection);
      if (!(await askFirst(`keep list ${flags.list}`, hosts, flags, self))) return 1;
      // A host that is left out may be forgotten while this goes on.
      const whom = { ...selection, excludeUnknown: true };
      return await followBans(new CrowdSec(flags.url, key), client.lists, whom, {
        name: flags.list,
        everyMs: flags.every * 1000,
        timeoutSeconds: flags.timeout,
        expiresInSeconds: flags.expires,
        signal,
        onNote: tellAside,
        onEvent: (event) => {
          if (flags.json === true) printJson(event);
        },
        onMended: ({ hosts: mended, from }) =>
          tellAside(`${mended.join(', ')} had missed changes, and took all from ${from}`),
        onAnswers: (answers) => {
          const ends = Object.fromEntries([...answers].map(([host, answer]) => [host, answer.end]));
          if (flags.json !== true) print(`${showListAnswers(answers).join('\n')}\n`);
          else printJson({ summary: countEnds(Object.values(ends)), hosts: ends });
        },
      });
    });
  } catch (error) {
    // That is how it ends.
    if (error instanceof Interrupted) return 0;
    throw error;
  }
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw new InvalidArgumentError('An address such as http://127.0.0.1:8080.');
  return text;
}
