import { Command, Option } from 'commander';
import { loadSettings } from '../../config/load-settings.ts';
import type { SettingName, WorkerSettings } from '../../config/worker-settings.ts';
import type { JobCompleted } from '../../contract/events/event.ts';
import type { Failure } from '../../contract/events/failure.ts';
import { NO_ANSWERS } from '../../job/ports/confirmation.ts';
import { silentLog } from '../../log/logger.ts';
import { type LocalJob, runLocally } from '../../worker/local/run-locally.ts';
import { type RulesetFile, readRulesetFile } from '../files/ruleset-file.ts';
import { showFailure } from '../show/show-failure.ts';
import { showNotes, tellNotes } from '../show/show-notes.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { printAside, printExactly, printJson } from '../terminal/print.ts';
import { optionsUnder } from './help.ts';
import { readRevision } from './read-values.ts';
import { type RulesetFlags, withRulesetOptions } from './ruleset-options.ts';
import { withConfigFile, withSettings } from './setting-options.ts';

/** Settings of the worker that a command on the host itself goes by, too. */
const LOCAL_SETTINGS = [
  'backend',
  'netns',
  'hostId',
  'policy',
  'probes',
  'stateDir',
  'runDir',
  'lockTimeoutSeconds',
  'applyTimeoutSeconds',
] as const satisfies readonly SettingName[];

type Flags = Partial<Record<SettingName, string>> &
  RulesetFlags<number> & {
    config?: string;
    json?: true;
  };

export interface LocalCommand {
  name: string;
  /** What a ruleset without a name is called; without it, a name has to be given. */
  fallbackName?: string;
  work: LocalWork;
}

/** What is done with the ruleset of a file on this host. `flags` are those of the command itself. */
type LocalWork = (file: RulesetFile, settings: WorkerSettings, flags: object) => Promise<LocalResult>;

interface LocalResult {
  failure: Failure | null;
  /** For scripts. */
  json: object;
  /** What to print, on standard output, if nothing failed. */
  text: string;
  /** Makes what is worth a look although nothing failed, for standard error. */
  notes?: () => string[];
}

interface LocalJobOptions {
  confirm?: (flags: object) => Pick<LocalJob, 'confirm' | 'answers'>;
  /** As of {@link LocalJob}. */
  tellsReach?: boolean;
}

/** A job, as a message would bring it. */
export function localJob(
  action: LocalJob['action'],
  show: (result: JobCompleted, file: RulesetFile) => string,
  { confirm = notConfirmed, tellsReach = false }: LocalJobOptions = {},
): LocalWork {
  return async (file, settings, flags) => {
    const job = { action, ruleset: file.ruleset, tellsReach, ...confirm(flags) };
    const result = await runLocally(job, settings, silentLog());
    return { failure: result.failure, json: result, text: show(result, file), notes: () => showNotes(file) };
  };
}

function notConfirmed(): Pick<LocalJob, 'confirm' | 'answers'> {
  return { confirm: { mode: 'none', timeoutSeconds: 30 }, answers: NO_ANSWERS };
}

/** A command that takes a ruleset from a file, and does something with it on this host without a broker. */
export function localCommand(local: LocalCommand, end: (status: ExitStatus) => void): Command {
  const revision = new Option('--revision <number>', 'the revision of the ruleset, a whole number from 1')
    .argParser(readRevision)
    .default(undefined, 'the next one on this host');
  const command = withRulesetOptions(new Command(local.name), revision).option(
    '--json',
    'print the result as one JSON object on standard output',
  );
  optionsUnder('Settings of the worker:', withConfigFile(command), (under) =>
    withSettings(under, LOCAL_SETTINGS),
  );
  return command.action(async (path: string, flags: Flags) => {
    end(await run(path, flags, local));
  });
}

async function run(
  path: string,
  { config, json, name, revision, scope, family, ...flags }: Flags,
  { work, fallbackName }: LocalCommand,
): Promise<ExitStatus> {
  const settings = await loadSettings({ flags, configFile: config });
  const file = await readRulesetFile(path, { name, revision, scope, family, fallbackName });
  const result = await work(file, settings, flags);
  if (json) printJson(result.json);
  else if (result.failure === null) printExactly(`${result.text}\n`);
  else printAside(`${showFailure(result.failure, file).join('\n')}\n`);
  if (result.failure === null) tellNotes(result.notes?.() ?? []);
  return result.failure === null ? 0 : 1;
}
