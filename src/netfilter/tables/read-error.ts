import type { NamedLine, RestoreFaultKind } from '../../job/ports/restore-fault.ts';
import { TABLE_NAMES } from '../../ruleset/tables.ts';

/** A save or restore that failed. */
export interface FailedRun {
  /** `null` if a signal ended the program. */
  exitCode: number | null;
  stderr: string;
  /** The number of the COMMIT line in the restore's text; `null` for a save. */
  commitLine: number | null;
}

export interface ReadError {
  kind: RestoreFaultKind;
  message: string;
  lines: NamedLine[];
  missing?: string;
}

/**
 * The readers of what iptables 1.4.21 to 1.8.11 prints when it fails, legacy and nft, both families. They go by the structure of
 * whole lines; the words of a reason come from the C library and differ. The order matters: faults of the environment come first,
 * as some of them look like the fault of a line.
 */
const READERS: readonly ((run: Run) => ReadError | null)[] = [
  readXtablesLock,
  readLockFile,
  readGenerationId,
  readNftUnavailable,
  readTableUnavailable,
  readUnreadableRules,
  readRejectedByKernel,
  readErrorAtLine,
  readPolicyAtLine,
  readLineFailed,
  readCommitExpected,
];

export function readError(run: FailedRun): ReadError {
  const lines = run.stderr.split('\n').map((line) => line.trimEnd());
  const missing = lines.map(missingExtension).find((name) => name !== null);
  for (const read of READERS) {
    const error = read({ ...run, lines: lines.filter((line) => line !== '') });
    if (error !== null) return missing == null ? error : { ...error, missing };
  }
  if (run.exitCode === null) return { kind: 'killed', message: 'it was ended by a signal', lines: [] };
  return {
    kind: 'unknown',
    message: lastWords(lines) ?? `it ended with status ${run.exitCode} and said nothing`,
    lines: [],
  };
}

/**
 * Returns the extension that the kernel lacks. A kernel without its revision 0 has no other revision either
 * (libxtables/xtables.c, compatible_revision).
 */
function missingExtension(line: string): string | null {
  return (
    /^Warning: Extension (\S+) revision 0 not supported, missing kernel module\?$/.exec(line)?.[1] ?? null
  );
}

interface Run extends FailedRun {
  /** Whole lines, without the empty ones. */
  lines: string[];
}

const PROGRAM = 'ip6?tables(?:-nft|-legacy)?-(?:restore|save)';
const BANNER = new RegExp(`^${PROGRAM} v\\S+ \\((?:legacy|nf_tables)\\): ?`);
const NO_REASON = 'iptables gave no reason';

/** `Another app is currently holding the xtables lock. Stopped waiting after 2s.` (legacy only) */
function readXtablesLock({ lines }: Run): ReadError | null {
  const line = lines.find((text) => /^Another app is currently holding the xtables lock[.;]/.test(text));
  return line === undefined ? null : { kind: 'xtables-lock', message: line, lines: [] };
}

/** `Fatal: can't open lock file /run/xtables.lock: …` */
function readLockFile({ lines }: Run): ReadError | null {
  const line = lines.find((text) => /^Fatal: can't open lock file \S/.test(text));
  return line === undefined ? null : { kind: 'lock-file', message: line, lines: [] };
}

/**
 * `PROGRAM: Could not fetch rule set generation id: …`: the nft variant's first question to the kernel was refused for lack of
 * rights.
 */
function readGenerationId({ lines }: Run): ReadError | null {
  const line = lines.find(
    (text) => BANNER.test(text) && /: Could not fetch rule set generation id: /.test(text),
  );
  return line === undefined ? null : { kind: 'privilege', message: withoutBanner(line), lines: [] };
}

/** `PROGRAM: Failed to initialize nft: …`: the kernel has no nf_tables. */
function readNftUnavailable({ lines }: Run): ReadError | null {
  const line = lines.find((text) => BANNER.test(text) && /: Failed to initialize nft: /.test(text));
  return line === undefined ? null : { kind: 'backend', message: withoutBanner(line), lines: [] };
}

/**
 * `unable to initialize table 'filter'`: legacy has no right to use the table, or lacks a kernel module. It names line 1, which
 * is not to blame, as such a table exists. A save says `Cannot initialize: …`.
 */
function readTableUnavailable({ lines }: Run): ReadError | null {
  const line = lines.find((text) => {
    const table = /: unable to initialize table '(.*)'$/.exec(text)?.[1];
    if (table !== undefined) return TABLE_NAMES.includes(table);
    return BANNER.test(text) && /: Cannot initialize: /.test(text);
  });
  return line === undefined ? null : { kind: 'table-unavailable', message: withoutBanner(line), lines: [] };
}

/** A save found rules that iptables cannot express. Its output is incomplete. */
function readUnreadableRules({ exitCode, commitLine, lines }: Run): ReadError | null {
  if (exitCode !== 3 || commitLine !== null) return null;
  return {
    kind: 'unreadable',
    message: lines.map(withoutBanner).join('; ') || NO_REASON,
    lines: [],
  };
}

/** nft: `line 4: RULE_APPEND failed (Invalid argument): rule in chain INPUT`, one for each rule. The last one may be cut off. */
function readRejectedByKernel({ lines }: Run): ReadError | null {
  const named = lines.flatMap((text): NamedLine[] => {
    const [, line, what, reason] = /^line (\d+): ([A-Z_]+ failed) \((.+?)\)(?:: .*)?$/.exec(text) ?? [];
    return line === undefined ? [] : [{ line: Number(line), reason: `${what} (${reason})` }];
  });
  return named.length === 0 ? null : { kind: 'rule', message: named[0]?.reason ?? '', lines: named };
}

/** `Error occurred at line: 4`. The line before it has the reason, with or without the program's name. */
function readErrorAtLine({ lines }: Run): ReadError | null {
  const at = lines.findIndex((text) => /^Error occurred at line: \d+$/.test(text));
  if (at === -1) return null;
  const reason = withoutBanner(lines[at - 1] ?? NO_REASON);
  const line = Number(lines[at]?.split(': ')[1]);
  return { kind: 'rule', message: reason, lines: [{ line, reason }] };
}

/** ``Can't set policy `BOGUS' on `INPUT' line 2: Bad policy name`` */
function readPolicyAtLine({ lines }: Run): ReadError | null {
  for (const text of lines) {
    const line = /: Can't set policy `.*' on `.*' line (\d+): /.exec(text)?.[1];
    if (line !== undefined && BANNER.test(text)) {
      const reason = withoutBanner(text);
      return {
        kind: 'rule',
        message: reason,
        lines: [{ line: Number(line), reason }],
      };
    }
  }
  return null;
}

/**
 * `PROGRAM: line 6 failed`, from nft 1.8.9 on with a reason after it. If it names the COMMIT line, the kernel refused the
 * transaction or another writer was faster, and the line is not known.
 */
function readLineFailed({ lines, commitLine }: Run): ReadError | null {
  for (const text of lines) {
    const [, number, words] = new RegExp(`^${PROGRAM}: line (\\d+) failed(?:: (.+?)\\.?)?$`).exec(text) ?? [];
    if (number === undefined) continue;
    const line = Number(number);
    const reason = words ?? NO_REASON;
    return {
      kind: line === commitLine ? 'commit' : 'rule',
      message: text,
      lines: [{ line, reason }],
    };
  }
  return null;
}

/** `PROGRAM: COMMIT expected at line 4`: the text ended early. */
function readCommitExpected({ lines }: Run): ReadError | null {
  const line = lines.find((text) => new RegExp(`^${PROGRAM}: COMMIT expected at line \\d+$`).test(text));
  if (line === undefined) return null;
  return {
    kind: 'rule',
    message: line,
    lines: [
      {
        line: Number(line.split(' ').at(-1)),
        reason: 'the table has no COMMIT',
      },
    ],
  };
}

function withoutBanner(line: string): string {
  return line.replace(BANNER, '');
}

/** Returns the last line that gives a reason. Hints on how to get help are left out. */
function lastWords(lines: readonly string[]): string | null {
  const telling = lines.filter(
    (line) => line !== '' && !line.startsWith('Try `') && !line.startsWith('Perhaps '),
  );
  return telling.map(withoutBanner).at(-1) ?? null;
}
