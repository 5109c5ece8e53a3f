import { Command } from 'commander';
import { loadSettings } from '../../../config/load-settings.ts';
import type { SettingName } from '../../../config/worker-settings.ts';
import { escapeControl } from '../../../contract/words/escape.ts';
import { examine, type NamedFinding } from '../../../doctor/examine.ts';
import { silentLog } from '../../../log/logger.ts';
import { withExamples } from '../../options/help.ts';
import { withWorkerOptions } from '../../options/setting-options.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint } from '../../terminal/paint.ts';
import { print, printJson } from '../../terminal/print.ts';
import { layRow } from '../../terminal/table.ts';

type Flags = Partial<Record<SettingName, string>> & { config?: string; json?: true };

const PAINT = { ok: paint.green, warning: paint.yellow, failure: paint.red } as const;
/** Of the verdict, and of the check. */
const WIDTHS = [7, 9];

/** Is this host fit for a worker? */
export function doctorCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('doctor').option(
    '--json',
    'print each finding as one JSON object a line, on standard output',
  );
  withWorkerOptions(command).action(async ({ config, json, ...flags }: Flags) => {
    const settings = await loadSettings({ flags, configFile: config });
    const counts = { ok: 0, warning: 0, failure: 0 };
    for await (const finding of examine(settings, silentLog())) {
      counts[finding.verdict] += 1;
      if (json === true) printJson(finding);
      else print(show(finding));
    }
    if (json !== true) {
      print(`${counts.ok} ok, warnings: ${counts.warning}, failures: ${counts.failure}\n`);
    }
    end(counts.failure === 0 ? 0 : 1);
  });
  return withExamples(command, [
    ['before the first start of a worker, with the settings that it is to have', 'fleetwall doctor'],
    ['with other settings', 'fleetwall doctor --config /etc/fleetwall/new.yaml --backend nft'],
  ]);
}

function show({ verdict, check, message, advice }: NamedFinding): string {
  const lines = [layRow([PAINT[verdict](verdict), paint.bold(check), escapeControl(message)], WIDTHS)];
  if (advice !== null) lines.push(layRow(['', '', `→ ${escapeControl(advice)}`], WIDTHS));
  return `${lines.join('\n')}\n`;
}
