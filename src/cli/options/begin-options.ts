import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PlanError } from '../../central/messages/errors.ts';
import { loadOperatorSettings, OPERATOR_FILE } from '../../config/operator-settings.ts';
import { printAside } from '../terminal/print.ts';

/** When a rollout begins, if it does. */
export interface BeginFlags {
  dryRun?: true;
  notBefore?: Date;
  overrideFreeze?: string;
  operatorConfig?: string;
}

export function withBeginOptions(command: Command): Command {
  return command
    .option('--dry-run', 'show the steps with their hosts, and what stands in the way; nothing is begun')
    .addOption(
      new Option('--not-before <time>', 'wait until then to begin, such as 2026-12-01T22:00:00Z').argParser(
        readTime,
      ),
    )
    .option('--override-freeze <reason>', 'begin although there is a freeze; why goes into the log')
    .addOption(
      new Option('--operator-config <file>', 'settings of operators (YAML), where freezes are')
        .env('FLEETWALL_OPERATOR_CONFIG')
        .default(undefined, `${OPERATOR_FILE}, if it is there`),
    );
}

/** Waits until the rollout may begin. @throws {PlanError} if there is a freeze then */
export async function untilItMayBegin(
  { notBefore, overrideFreeze, operatorConfig }: BeginFlags,
  signal: AbortSignal,
): Promise<void> {
  if (notBefore !== undefined && notBefore.getTime() > Date.now()) {
    printAside(`waits until ${notBefore.toISOString()} to begin\n`);
    // No timer can be as long as that may be, and the clock may be set meanwhile.
    while (notBefore.getTime() > Date.now()) {
      await sleep(Math.min(notBefore.getTime() - Date.now(), LONGEST_NAP_MS), undefined, { signal }).catch(
        () => signal.throwIfAborted(),
      );
    }
  }
  const now = Date.now();
  const { freeze } = await loadOperatorSettings(operatorConfig);
  const held = freeze.find(({ from, to }) => Date.parse(from) <= now && now < Date.parse(to));
  if (held === undefined) return;
  const what = `there is a freeze until ${held.to}: ${held.reason}`;
  if (overrideFreeze === undefined) {
    throw new PlanError(
      `${what}; begin after it (--not-before ${held.to}), or say why not: --override-freeze REASON`,
    );
  }
  printAside(`${what}; begun all the same: ${overrideFreeze}\n`);
}

const LONGEST_NAP_MS = 60_000;

function readTime(text: string): Date {
  const time = new Date(text);
  const isFull = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  if (!isFull || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('A time as in RFC 3339, such as 2026-12-01T22:00:00Z.');
  }
  return time;
}
