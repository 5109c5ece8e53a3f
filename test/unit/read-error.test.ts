import { describe, expect, it } from 'vitest';
import { type FailedRun, readError } from '../../src/netfilter/tables/read-error.ts';

/**
 * What iptables 1.4.21 to 1.8.11 prints, form by form; each is also tried in the name of every other program that prints
 * it. COMMIT stands on line 9.
 */
interface Form {
  form: string;
  run: FailedRun;
  read: { kind: string; lines: { line: number; reason: string }[] };
}

const COMMIT = 9;
const restore = (exitCode: number, stderr: string): FailedRun => ({ exitCode, stderr, commitLine: COMMIT });
const save = (exitCode: number, stderr: string): FailedRun => ({ exitCode, stderr, commitLine: null });
const HELP = "Try `iptables-restore -h' or 'iptables-restore --help' for more information.\n";

const FORMS: Form[] = [
  {
    form: 'A: an option that nobody knows',
    run: restore(
      2,
      `iptables-restore v1.8.9 (legacy): unknown option "--bogus"\nError occurred at line: 4\n${HELP}`,
    ),
    read: { kind: 'rule', lines: [{ line: 4, reason: 'unknown option "--bogus"' }] },
  },
  {
    form: 'A: with an empty line before the number',
    run: restore(
      2,
      `iptables-restore v1.8.9 (nf_tables): Set nope doesn't exist.\n\nError occurred at line: 3\n${HELP}`,
    ),
    read: { kind: 'rule', lines: [{ line: 3, reason: "Set nope doesn't exist." }] },
  },
  {
    form: 'A: after the warnings of a mixed host',
    run: restore(
      2,
      `# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\niptables-restore v1.8.9 (nf_tables): invalid port/service \`99999' specified\nError occurred at line: 3\n${HELP}`,
    ),
    read: { kind: 'rule', lines: [{ line: 3, reason: "invalid port/service `99999' specified" }] },
  },
  {
    form: 'B: without the name of the program',
    run: restore(2, `Bad argument \`garbage'\nError occurred at line: 4\n${HELP}`),
    read: { kind: 'rule', lines: [{ line: 4, reason: "Bad argument `garbage'" }] },
  },
  {
    form: 'C: nft names the COMMIT for a chain that is not there',
    run: restore(
      2,
      `iptables-restore v1.8.9 (nf_tables): Chain 'NOSUCH' does not exist\nError occurred at line: 9\n${HELP}`,
    ),
    read: { kind: 'rule', lines: [{ line: COMMIT, reason: "Chain 'NOSUCH' does not exist" }] },
  },
  {
    form: 'C: legacy names the line for it',
    run: restore(
      2,
      `iptables-restore v1.8.9 (legacy): Couldn't load target \`NOSUCH':No such file or directory\n\nError occurred at line: 6\n${HELP}`,
    ),
    read: {
      kind: 'rule',
      lines: [{ line: 6, reason: "Couldn't load target `NOSUCH':No such file or directory" }],
    },
  },
  {
    form: 'D: no more than the line',
    run: restore(1, 'iptables-restore: line 6 failed\n'),
    read: { kind: 'rule', lines: [{ line: 6, reason: 'iptables gave no reason' }] },
  },
  {
    form: 'D: the COMMIT, refused by the kernel or lost to another',
    run: restore(1, 'iptables-restore: line 9 failed\n'),
    read: { kind: 'commit', lines: [{ line: COMMIT, reason: 'iptables gave no reason' }] },
  },
  {
    form: 'E: the line and a reason',
    run: restore(1, 'iptables-restore: line 4 failed: No chain/target/match by that name.\n'),
    read: { kind: 'rule', lines: [{ line: 4, reason: 'No chain/target/match by that name' }] },
  },
  {
    form: 'F: status 4 that is no lock but refused rules, the last cut off',
    run: restore(
      4,
      'iptables-restore v1.8.9 (nf_tables): \nline 4: RULE_APPEND failed (Invalid argument): rule in chain INPUT\nline 5: RULE_APPEND failed (No such file or directory): rule in chain INPUT\nline 42: ',
    ),
    read: {
      kind: 'rule',
      lines: [
        { line: 4, reason: 'RULE_APPEND failed (Invalid argument)' },
        { line: 5, reason: 'RULE_APPEND failed (No such file or directory)' },
      ],
    },
  },
  {
    form: 'F: before 1.8.9 it names the COMMIT',
    run: restore(
      4,
      'iptables-restore v1.8.7 (nf_tables): \nline 9: RULE_APPEND failed (Invalid argument): rule in chain INPUT\n',
    ),
    read: { kind: 'rule', lines: [{ line: COMMIT, reason: 'RULE_APPEND failed (Invalid argument)' }] },
  },
  {
    form: 'G: no line at all',
    run: restore(1, 'iptables-restore: Chain already exists\n'),
    read: { kind: 'unknown', lines: [] },
  },
  {
    form: 'G: a batch that is too large',
    run: restore(1, 'sendmsg() failed: Message too long\n'),
    read: { kind: 'unknown', lines: [] },
  },
  {
    form: 'H: a policy',
    run: restore(
      1,
      "iptables-restore v1.8.9 (legacy): Can't set policy `BOGUS' on `INPUT' line 2: Bad policy name\n",
    ),
    read: {
      kind: 'rule',
      lines: [{ line: 2, reason: "Can't set policy `BOGUS' on `INPUT' line 2: Bad policy name" }],
    },
  },
  {
    form: 'I: a text that ends early',
    run: restore(1, 'iptables-restore: COMMIT expected at line 10\n'),
    read: { kind: 'rule', lines: [{ line: 10, reason: 'the table has no COMMIT' }] },
  },
  {
    form: 'J: nft, a table that there is not',
    run: restore(
      2,
      `iptables-restore v1.8.9 (nf_tables): iptables-restore: line 1 table name 'x' invalid\nError occurred at line: 1\n${HELP}`,
    ),
    read: { kind: 'rule', lines: [{ line: 1, reason: "iptables-restore: line 1 table name 'x' invalid" }] },
  },
  {
    form: 'J: legacy, the same, with a carriage return in it',
    run: restore(
      2,
      `iptables-restore v1.8.9 (legacy): iptables-restore: unable to initialize table 'filter\r'\n\nError occurred at line: 1\n${HELP}`,
    ),
    read: {
      kind: 'rule',
      lines: [{ line: 1, reason: "iptables-restore: unable to initialize table 'filter\r'" }],
    },
  },
  {
    form: 'K: the xtables lock',
    run: restore(
      4,
      "Can't lock /run/xtables.lock: Resource temporarily unavailable\nAnother app is currently holding the xtables lock. Stopped waiting after 2s.\n",
    ),
    read: { kind: 'xtables-lock', lines: [] },
  },
  {
    form: 'K: as older ones say it',
    run: restore(
      4,
      'Another app is currently holding the xtables lock; still 1s 0us time ahead to have a chance to grab the lock...\nAnother app is currently holding the xtables lock. Stopped waiting after 2s.\n',
    ),
    read: { kind: 'xtables-lock', lines: [] },
  },
  {
    form: 'L: the file of the xtables lock',
    run: restore(4, "Fatal: can't open lock file /run/xtables.lock: Permission denied\n"),
    read: { kind: 'lock-file', lines: [] },
  },
  {
    form: 'M: no privilege, nft',
    run: restore(
      4,
      'iptables-restore v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
    ),
    read: { kind: 'privilege', lines: [] },
  },
  {
    form: 'M: no privilege or no module, legacy, where line 1 is not true',
    run: restore(
      2,
      `iptables-restore v1.8.9 (legacy): iptables-restore: unable to initialize table 'filter'\n\nError occurred at line: 1\n${HELP}`,
    ),
    read: { kind: 'table-unavailable', lines: [] },
  },
  {
    form: 'N: a save that meets rules which it cannot read',
    run: save(
      3,
      'iptables-save v1.8.9 (nf_tables): Parsing nftables rule failed\nPerhaps iptables or your kernel needs to be upgraded.\n',
    ),
    read: { kind: 'unreadable', lines: [] },
  },
];

const PROGRAMS = [
  'iptables-restore',
  'iptables-nft-restore',
  'iptables-legacy-restore',
  'ip6tables-restore',
  'ip6tables-nft-restore',
  'ip6tables-legacy-restore',
];

describe('what iptables prints when it fails', () => {
  it.each(FORMS)('$form', ({ run, read }) => {
    for (const program of PROGRAMS) {
      const name = (text: string) =>
        text
          .replaceAll('iptables-restore', program)
          .replaceAll('iptables-save', program.replace('restore', 'save'));
      const { kind, lines } = readError({ ...run, stderr: name(run.stderr) });
      expect({ kind, lines }).toEqual({
        ...read,
        lines: read.lines.map((line) => ({ ...line, reason: name(line.reason) })),
      });
    }
  });

  it.each([
    [
      'a rule that quotes an error',
      'iptables-restore v1.8.9 (legacy): unknown option "Another app is currently holding the xtables lock."\nError occurred at line: 4\n',
      'rule',
    ],
    ['a number that is not at the end', 'Error occurred at line: 4 or so\n', 'unknown'],
    ['half a line', 'Error occurred at li', 'unknown'],
    ['nothing', '', 'unknown'],
    ['only blank lines', '\n\n\n', 'unknown'],
  ])('is recognised by whole lines only: %s', (_, stderr, kind) => {
    expect(readError(restore(2, stderr)).kind).toBe(kind);
  });

  it('is not needed to recognise a program that was ended by a signal', () => {
    expect(readError({ exitCode: null, stderr: '', commitLine: COMMIT }).kind).toBe('killed');
  });
});
