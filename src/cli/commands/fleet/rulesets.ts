import { Command, Option } from 'commander';
import type { FleetClient } from '../../../central/fleet-client.ts';
import type { FleetEvent } from '../../../contract/events/event.ts';
import type { Failure } from '../../../contract/events/failure.ts';
import { escapeLines } from '../../../contract/words/escape.ts';
import { CONFIRMED_BY_HOSTS, withConfirmOptions } from '../../options/confirm-options.ts';
import {
  type AnswerFlags,
  type FleetFlags,
  selectionOf,
  withClient,
  withExpiry,
  withFleetOptions,
  withSelectionOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import { NobodyWaits } from '../../options/nobody-waits.ts';
import { type PreemptFlags, preemptOf, withPreempt } from '../../options/preempt.ts';
import { readJobId, readRevisionOrNext } from '../../options/read-values.ts';
import {
  type ChangingFlags,
  type Selected,
  type SelectingFlags,
  selectingCommand,
} from '../../options/selecting-command.ts';
import { AnswerReport, statusOf } from '../../show/report-answers.ts';
import { sayUnknown } from '../../show/say-unknown.ts';
import { SentJobs } from '../../show/sent-jobs.ts';
import { nameHosts } from '../../show/show-answers.ts';
import { tellUnheard, tellUnknown } from '../../show/tell-unheard.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint } from '../../terminal/paint.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';

type Flags = ChangingFlags & PreemptFlags & { revision: number | 'next' };
type End = (status: ExitStatus) => void;

/** Back to what hosts had before of a ruleset. */
export function rollbackCommand(end: End): Command {
  return withExamples(changeCommand('rollback', end), [
    ['to what the host had before the last push', 'fleetwall rollback edge --host web-1'],
    ['the whole fleet, signed, without a question', 'fleetwall rollback edge --all --key ops.key --yes'],
  ]);
}

/** Away with a ruleset. */
export function removeCommand(end: End): Command {
  return withExamples(changeCommand('remove', end), [
    ['from one host', 'fleetwall remove edge --host web-1'],
    [
      'from a group, and wait two minutes for each answer',
      'fleetwall remove edge --group web --timeout 120 --yes',
    ],
  ]);
}

function changeCommand(name: 'rollback' | 'remove', end: End): Command {
  const command = new Command(name)
    .argument('<ruleset>', 'the name of the ruleset')
    .addOption(
      new Option(
        '--revision <number>',
        'the revision under which it is done, a whole number from 1; or next, which is one more than the highest that these hosts have had',
      )
        .argParser(readRevisionOrNext)
        .default('next'),
    );
  withExpiry(withTimeout(withFleetOptions(command)));
  withConfirmOptions(withSelectionOptions(withPreempt(command)), CONFIRMED_BY_HOSTS);
  return command.action(async (ruleset: string, flags: Flags, self: Command) => {
    const question = `${name} ruleset ${ruleset}`;
    const work = async ({ client, selection, report, options }: Selected) => {
      const how = { ...options, ...preemptOf(flags) };
      return report.end(await client[name](ruleset, flags.revision, selection, how), null);
    };
    // Whoever says the revision may mean what is still to come.
    const wanted = flags.revision === 'next' ? ({ kind: 'ruleset', name: ruleset } as const) : null;
    const status = await selectingCommand(question, flags, self, work, wanted);
    end(status);
  });
}

export function reportCommand(end: End): Command {
  const command = new Command('report').argument(
    '[ruleset]',
    'the name of the ruleset (default: all rulesets of each host)',
  );
  withSelectionOptions(withTimeout(withFleetOptions(command))).action(
    async (ruleset: string | undefined, flags: SelectingFlags, self: Command) => {
      const selection = selectionOf(flags, self);
      const refused = new Map<string, Failure>();
      const onEvent = ({ type, data }: FleetEvent) => {
        if (type === 'fleetwall.job.completed' && data.failure !== null)
          refused.set(data.hostId, data.failure);
      };
      let isNowhere = false;
      const reports = await withClient(flags, async (client, signal) => {
        const options = { timeoutSeconds: flags.timeout, signal, onEvent };
        const answers = await client.report(ruleset, selection, options);
        for (const [host, { message, code }] of refused) printAside(`${host}: ${message} (${code})\n`);
        const quiet = [...answers].flatMap(([host, rulesets]) =>
          rulesets === null && !refused.has(host) ? [host] : [],
        );
        const unknown = quiet.length === 0 ? [] : await tellUnknown(quiet, client, signal);
        isNowhere = await tellNowhere(ruleset, answers, client, signal);
        for (const host of quiet)
          if (!unknown.includes(host) && flags.json !== true) printAside(`${host}: no answer\n`);
        return answers;
      });
      for (const [host, rulesets] of reports) {
        if (flags.json === true) printJson({ hostId: host, rulesets });
        else for (const found of rulesets ?? []) print(showReported(host, found));
      }
      const endOf = (host: string) => (refused.has(host) ? 'rejected' : 'silent');
      const own = statusOf(
        [...reports].map(([host, rulesets]) => (rulesets === null ? endOf(host) : 'reported')),
      );
      end(own === 0 && isNowhere ? 4 : own);
    },
  );
  return withExamples(command, [
    ['all that fleetwall has on a host, as it is live now', 'fleetwall report --host web-1'],
    ['one ruleset on a group, for a program', 'fleetwall report edge --group web --json'],
  ]);
}

/**
 * Says that none of the hosts that answered has a ruleset, and which one may have been meant.
 *
 * @returns whether no host of the fleet has had one of that name
 */
async function tellNowhere(
  ruleset: string | undefined,
  answers: ReadonlyMap<string, readonly unknown[] | null>,
  client: FleetClient,
  signal: AbortSignal,
): Promise<boolean> {
  const answered = [...answers].filter(([, rulesets]) => rulesets !== null);
  const isThere = answered.some(([, rulesets]) => rulesets?.length !== 0);
  if (ruleset === undefined || answered.length === 0 || isThere) return false;
  const { hosts } = await client.fleet({ signal });
  const [unknown] = sayUnknown({ rulesets: [ruleset] }, hosts);
  const names = nameHosts(answered.map(([host]) => host));
  printAside(`${unknown ?? `there is no ruleset ${ruleset} on ${names}`}\n`);
  return unknown !== undefined;
}

function showReported(
  host: string,
  ruleset: { name: string; revision: number; inSync: boolean; ipv4: string | null; ipv6: string | null },
): string {
  const { name, revision, inSync } = ruleset;
  const head = `# ${host}: ${name} revision ${revision}${inSync ? '' : ', which has drifted'}`;
  const texts = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const text = ruleset[family];
    return text === null || text === '' ? [] : [`# ${family}`, escapeLines(text).trimEnd()];
  });
  return `${[paint.bold(head), ...texts].join('\n')}\n`;
}

/** Keeps what waits to be confirmed. */
export function confirmCommand(end: End): Command {
  return withExamples(answerCommand('confirm', end), [
    [
      'keep a change that push --confirm manual has made',
      'fleetwall confirm 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
    ],
    [
      'signed, on hosts that demand it',
      'fleetwall confirm 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e --key ops.key',
    ],
  ]);
}

/** Takes back what waits to be confirmed. */
export function abortCommand(end: End): Command {
  return withExamples(answerCommand('abort', end), [
    [
      'take back at once what push --confirm manual has made',
      'fleetwall abort 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
    ],
    ['signed, on hosts that demand it', 'fleetwall abort 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e --key ops.key'],
  ]);
}

function answerCommand(kind: 'confirm' | 'abort', end: End): Command {
  const command = new Command(kind).argument(
    '<job>',
    'the id of the job, as push, watch and status tell it',
    readJobId,
  );
  return withTimeout(withFleetOptions(command)).action(
    async (job: string, flags: FleetFlags & AnswerFlags) => {
      const status = await withClient<ExitStatus>(flags, async (client, signal) => {
        const report = new AnswerReport(flags.json === true, 1);
        const answers = await client[kind](job, {
          timeoutSeconds: flags.timeout,
          signal,
          onEvent: report.onEvent,
        });
        if (answers.size === 0) throw new NobodyWaits(`no host waits for job ${job}`);
        const own = report.end(answers, null);
        await tellUnheard(answers, new SentJobs(), client, signal);
        // That a host went back is what was asked for.
        const isDone =
          kind === 'abort' && [...answers.values()].every(({ end: how }) => how === 'rolled_back');
        return isDone ? 0 : own;
      });
      end(status);
    },
  );
}
