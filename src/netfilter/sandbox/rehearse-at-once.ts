import { randomUUID } from 'node:crypto';
import type { Family } from '../../contract/words/identifiers.ts';
import type { CommandRequest, CommandResult, RunCommand } from '../../host/command.ts';
import { RestoreFailed } from '../../job/ports/firewall.ts';
import type { Rehearsal } from '../../job/ports/sandbox.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import { faultOf } from '../tables/fault.ts';
import type { Programs } from '../tables/programs.ts';

/** `null`: that is to be asked for. */
type Saved = PerFamily<string | null>;

export interface AtOnceOptions {
  programs: Programs;
  /** The other family is asked for by itself. */
  isOneFamily: boolean;
  environment: Record<string, string>;
  lockSeconds: number;
  timeoutMs: number;
  run: RunCommand;
}

const UNSHARE = '/usr/bin/unshare';
const SHELL = '/bin/sh';
/** The mark `$1` comes before each part of what is printed, and so tells how far it came. An empty `$5`: only one family is saved. */
const SCRIPT = [
  String.raw`printf '%s\n' "$1"`,
  '"$3" -w "$2" >/dev/null || exit',
  String.raw`printf '%s\n' "$1"`,
  '[ -z "$5" ] || "$5" || exit',
  String.raw`printf '%s\n' "$1"`,
  'exec "$4"',
].join('\n');
/** What a shell adds to the number of the signal that has ended a program. */
const BY_SIGNAL = 128;

/**
 * A rehearsal of one table, whose first restore is one program with the namespace for it, and with the save that is asked for after nearly every
 * restore. To start four programs one by one takes longer than what they do for a small ruleset.
 *
 * Whatever else is asked, or comes out otherwise than well, is done a program at a time, in a namespace of its own.
 *
 * @param open makes that namespace
 */
export function firstAtOnce(options: AtOnceOptions, open: () => Promise<Rehearsal>): Rehearsal {
  let first: { family: Family; text: string; saved: Saved } | null = null;
  let isTried = false;
  let opening: Promise<Rehearsal> | null = null;
  const opened = async (before: typeof first) => {
    first = null;
    opening ??= open().then(async (rehearsal) => {
      if (before !== null) await rehearsal.restore(before.family, before.text);
      return rehearsal;
    });
    return await opening;
  };
  return {
    restore: async (family, text) => {
      const saved = isTried ? null : await restoreAndSave(family, text, options);
      isTried = true;
      if (saved === null) await (await opened(null)).restore(family, text);
      else first = { family, text, saved };
    },
    save: async (family, table) => await (await opened(first)).save(family, table),
    saveAll: async (family, more) => {
      const saved = more?.counters === true ? null : first?.saved[family];
      return saved ?? (await (await opened(first)).saveAll(family, more));
    },
    listNatively: async (family, table) => await (await opened(first)).listNatively(family, table),
  };
}

/**
 * @returns what the families have then; `null` if that is not to be had in this way, which says nothing of the rules
 * @throws {RestoreFailed} if the restore failed
 */
async function restoreAndSave(
  family: Family,
  text: string,
  { programs, isOneFamily, environment, lockSeconds, timeoutMs, run }: AtOnceOptions,
): Promise<Saved | null> {
  const mark = randomUUID();
  const other = family === 'ipv4' ? 'ipv6' : 'ipv4';
  const file = programs.restore[family];
  const words = [
    mark,
    String(lockSeconds),
    file,
    programs.save[family],
    isOneFamily ? '' : programs.save[other],
  ];
  const result = await run({
    file: UNSHARE,
    args: ['--net', '--', SHELL, '-c', SCRIPT, 'fleetwall-rehearsal', ...words],
    input: text,
    encoding: 'latin1',
    environment,
    timeoutMs,
  } satisfies CommandRequest);
  const [before, restored, ...saves] = result.stdout.split(`${mark}\n`);
  if (before !== '' || restored === undefined) return null;
  if (saves.length === 0) {
    const commitLine = text.split('\n').length - 1;
    const fault = await faultOf({ file, result: ofProgram(result), commitLine, timeoutMs });
    if (fault !== null) throw new RestoreFailed(fault);
  }
  const [others, own] = saves;
  if (result.exitCode !== 0 || others === undefined || own === undefined) return null;
  for (const stdout of [own, others]) {
    const saved = { file: programs.save[family], result: { ...result, stdout }, commitLine: null, timeoutMs };
    if ((await faultOf(saved)) !== null) return null;
  }
  const rest = isOneFamily ? null : others;
  return family === 'ipv4' ? { ipv4: own, ipv6: rest } : { ipv4: rest, ipv6: own };
}

/** What the shell says of the program, as the program would have been seen. */
function ofProgram({ exitCode, ...result }: CommandResult): CommandResult {
  return { ...result, exitCode: exitCode !== null && exitCode > BY_SIGNAL ? null : exitCode };
}
