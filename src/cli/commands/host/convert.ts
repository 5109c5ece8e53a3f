import type { Command } from 'commander';
import { silentLog } from '../../../log/logger.ts';
import { convertLocally } from '../../../worker/local/convert-locally.ts';
import { withExamples } from '../../options/help.ts';
import { localCommand } from '../../options/local-command.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

/** Rules that were written by hand, with any command that iptables-restore takes, as a ruleset is best written. */
export function convertCommand(end: (status: ExitStatus) => void): Command {
  const command = localCommand(
    {
      name: 'convert',
      fallbackName: 'converted',
      work: async ({ ruleset }, settings) => {
        const { failure, texts } = await convertLocally(ruleset, settings, silentLog());
        const text = `${texts.ipv4}${texts.ipv6}`.replace(/\n$/, '');
        return { failure, json: failure === null ? { scope: 'tables', ...texts } : { failure }, text };
      },
    },
    end,
  );
  return withExamples(command, [
    [
      'a file of commands (-N, -I, -P …) as a ruleset is best written',
      'fleetwall convert by-hand.rules > edge.rules',
    ],
    ['IPv6 rules from another program', 'generate-rules | fleetwall convert - --family ipv6'],
  ]);
}
