import { Command, Option } from 'commander';
import { hostsOf, lookOnce } from '../../central/fleet/select.ts';
import { escapeLines } from '../../contract/escape.ts';
import { askFirst } from '../options/ask-first.ts';
import {
  type FleetFlags,
  type SelectionFlags,
  selectionOf,
  withClient,
  withFleetOptions,
  withSelectionOptions,
} from '../options/fleet-options.ts';
import { AnswerReport, statusOf } from '../show/report-answers.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { paint } from '../terminal/paint.ts';
import { type ConfirmFlags, confirmOf, readRevision, withConfirmOptions } from './push.ts';

type Flags = FleetFlags & SelectionFlags & ConfirmFlags & { revision: number | 'next' };
type End = (status: ExitStatus) => void;

/** Back to what hosts had before of a ruleset. */
export function rollbackCommand(end: End): Command {
  return changeCommand('rollback', end);
}

/** Away with a ruleset. */
export function removeCommand(end: End): Command {
  return changeCommand('remove', end);
}

function changeCommand(name: 'rollback' | 'remove', end: End): Command {
  const command = new Command(name)
    .argument('<ruleset>', 'its name')
    .addOption(
      new Option('--revision <number>', "under which it is done; next is the fleet's highest and one")
        .argParser(readRevision)
        .default('next'),
    );
  return withConfirmOptions(withSelectionOptions(withFleetOptions(command))).action(
    async (ruleset: string, flags: Flags, self: Command) => {
      const selection = selectionOf(flags, self);
      const status = await withClient<ExitStatus>(flags, async (client, signal) => {
        const hosts = await hostsOf(lookOnce(client, signal), selection);
        if (!(await askFirst(`${name} ruleset ${ruleset}`, hosts, flags, self))) return 1;
        const report = new AnswerReport(flags.json === true, hosts.length);
        const options = {
          timeoutSeconds: flags.timeout,
          signal,
          onEvent: report.onEvent,
          confirm: confirmOf(flags),
        };
        return report.end(await client[name](ruleset, flags.revision, selection, options), null);
      });
      end(status);
    },
  );
}

export function reportCommand(end: End): Command {
  const command = new Command('report').argument('[ruleset]', 'its name (default: all)');
  return withSelectionOptions(withFleetOptions(command)).action(
    async (ruleset: string | undefined, flags: FleetFlags & SelectionFlags, self: Command) => {
      const selection = selectionOf(flags, self);
      const reports = await withClient(
        flags,
        async (client, signal) =>
          await client.report(ruleset, selection, { timeoutSeconds: flags.timeout, signal }),
      );
      for (const [host, rulesets] of reports) {
        if (flags.json === true) process.stdout.write(`${JSON.stringify({ hostId: host, rulesets })}\n`);
        else if (rulesets === null) process.stderr.write(`${host}: no answer\n`);
        else for (const found of rulesets) process.stdout.write(showReported(host, found));
      }
      end(statusOf([...reports.values()].map((rulesets) => (rulesets === null ? 'silent' : 'reported'))));
    },
  );
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
  return answerCommand('confirm', end);
}

/** Takes back what waits to be confirmed. */
export function abortCommand(end: End): Command {
  return answerCommand('abort', end);
}

function answerCommand(kind: 'confirm' | 'abort', end: End): Command {
  const command = new Command(kind).argument('<job>', "the job's id");
  return withFleetOptions(command).action(async (job: string, flags: FleetFlags) => {
    const status = await withClient<ExitStatus>(flags, async (client, signal) => {
      const report = new AnswerReport(flags.json === true, 1);
      const answers = await client[kind](job, {
        timeoutSeconds: flags.timeout,
        signal,
        onEvent: report.onEvent,
      });
      if (answers.size === 0) {
        process.stderr.write(`no host waits for job ${job}\n`);
        return 1;
      }
      const own = report.end(answers, null);
      // That a host went back is what was asked for.
      const isDone = kind === 'abort' && [...answers.values()].every(({ end: how }) => how === 'rolled_back');
      return isDone ? 0 : own;
    });
    end(status);
  });
}
