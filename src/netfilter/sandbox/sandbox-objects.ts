import { DEFAULT_LIST_ENTRIES } from '../../contract/jobs/list-job.ts';
import { assertStarted, type CommandResult, type RunCommand } from '../../host/command.ts';
import { SandboxIncomplete, type SandboxObjects } from '../../job/ports/sandbox.ts';
import { createLine, listOfSet } from '../../list/set-lines.ts';
import { fromBytes } from '../../ruleset/text/bytes.ts';
import { quoteWord } from '../../ruleset/text/split-words.ts';
import type { ObjectNames } from '../../ruleset/trial/objects.ts';
import type { Programs } from '../tables/programs.ts';

const TIMEOUT_MS = 30_000;
const LATIN1 = { encoding: 'latin1' } as const;

export interface ObjectSource {
  programs: Programs;
  /** What to put before a command so that it runs in the host's namespace. */
  prefix: readonly string[];
  run: RunCommand;
}

/**
 * Reads how to make the objects that rules name. An object that the host does not have is left out. Then the rule is refused in
 * the rehearsal, as it would be on the host.
 *
 * @throws {SandboxIncomplete} if the worker cannot know what the host has
 */
export async function readObjects(names: ObjectNames, source: ObjectSource): Promise<SandboxObjects> {
  const sets = await Promise.all(names.sets.map(async (name) => await readSet(name, source)));
  return {
    sets: sets.filter((set) => set !== null),
    accounts: await readAccounts(names.accounts, source),
    estimators: await readEstimators(names.estimators, source),
    timeouts: await readTimeouts(names.timeouts, source),
  };
}

/**
 * Returns the arguments that make one ipset, without its members. Reads `ipset list -terse`, because `ipset save` always prints
 * the members, of which there may be 100,000.
 */
async function readSet(name: string, { programs, prefix, run }: ObjectSource): Promise<string[] | null> {
  if (programs.ipset === null) return null;
  const { file, args } = inside(prefix, programs.ipset, ['list', '-terse', asArgument(name)]);
  const { exitCode, stdout } = await ask(run, file, args);
  const type = /^Type: (\S+)$/m.exec(stdout)?.[1];
  // A list is made for a ruleset only when its rules are: what cannot be made was refused before.
  const list = listOfSet(name);
  if (exitCode !== 0 && list !== null && !list.isSpare)
    return createLine(name, list.family, DEFAULT_LIST_ENTRIES, 0).split(' ');
  if (exitCode !== 0 || type === undefined) return null;
  const header = /^Header: (.*)$/m.exec(stdout)?.[1] ?? '';
  return ['create', name, type, ...header.split(' ').filter((word) => word !== '')];
}

async function readAccounts(
  names: readonly string[],
  { programs, prefix, run }: ObjectSource,
): Promise<string[]> {
  if (names.length === 0) return [];
  if (programs.nfacct === null) throw incomplete('accounting object', names, 'nfacct');
  const { file, args } = inside(prefix, programs.nfacct, ['list']);
  const { stdout } = await ask(run, file, args);
  const there = new Set([...stdout.matchAll(/\} = (.*);$/gm)].map(([, name]) => name));
  return names.filter((name) => there.has(name));
}

/** Reads the estimators that the host has. Rules make them, so all live rules are searched for the names. */
async function readEstimators(
  names: readonly string[],
  { programs, prefix, run }: ObjectSource,
): Promise<string[]> {
  if (names.length === 0) return [];
  const saved = await Promise.all(
    [programs.save.ipv4, programs.save.ipv6].map(async (program) => {
      const { file, args } = inside(prefix, program, []);
      return (await ask(run, file, args)).stdout;
    }),
  );
  const found = new Map<string, string>();
  for (const [, name = '', times = ''] of saved.join('').matchAll(ESTIMATOR))
    if (names.includes(name)) found.set(name, `-j RATEEST --rateest-name ${quoteWord(name)} ${times}`);
  return [...found.values()];
}

const ESTIMATOR = / -j RATEEST --rateest-name (.+) (--rateest-interval \S+ --rateest-ewmalog \S+)$/gm;

async function readTimeouts(
  names: readonly string[],
  { programs, prefix, run }: ObjectSource,
): Promise<string[][]> {
  if (names.length === 0) return [];
  const { nfct } = programs;
  if (nfct === null) throw incomplete('time-out policy', names, 'nfct');
  const policies = await Promise.all(
    names.map(async (name) => {
      const { file, args } = inside(prefix, nfct, ['get', 'timeout', asArgument(name)]);
      const { exitCode, stdout } = await ask(run, file, args);
      const layer3 = /\.l3proto = (\d+)/.exec(stdout)?.[1] === '10' ? 'inet6' : 'inet';
      const layer4 = LAYER_4[/\.l4proto = (\d+)/.exec(stdout)?.[1] ?? ''];
      return exitCode !== 0 || layer4 === undefined ? [] : [['add', 'timeout', name, layer3, layer4]];
    }),
  );
  return policies.flat();
}

const LAYER_4: Readonly<Record<string, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
  255: 'generic',
};

function incomplete(kind: string, names: readonly string[], program: string): SandboxIncomplete {
  const them = names.map((name) => `"${name}"`).join(', ');
  return new SandboxIncomplete(
    `rules refer to the ${kind} ${them}, and whether the host has it cannot be known without the program ${program}: install the package ${program}`,
  );
}

/** Puts the prefix, which leads into a namespace, before a program and its arguments. */
function inside(
  prefix: readonly string[],
  program: string,
  own: readonly string[],
): { file: string; args: string[] } {
  const [file = program, ...args] = [...prefix, program, ...own];
  return { file, args };
}

/** Turns bytes into an argument: the sent text is UTF-8, and so is an argument when Node passes it on. */
function asArgument(bytes: string): string {
  return fromBytes(bytes).text;
}

/** Runs a program to its end. What did not run, or was ended in the middle, says nothing of what the host has. */
async function ask(run: RunCommand, file: string, args: readonly string[]): Promise<CommandResult> {
  const result = await run({ file, args, timeoutMs: TIMEOUT_MS, ...LATIN1 });
  assertStarted(result);
  if (result.exitCode === null)
    throw new SandboxIncomplete(`${[file, ...args].join(' ')} was ended before it had answered`);
  return result;
}

/** Makes the objects in the namespace of `prefix`. @throws {SandboxIncomplete} if one cannot be made */
export async function makeObjects(
  objects: SandboxObjects,
  programs: Programs,
  prefix: readonly string[],
  run: RunCommand,
): Promise<void> {
  const start = async (program: string | null, own: readonly string[]) => {
    const { file, args } = inside(prefix, program ?? '', own.map(asArgument));
    const { exitCode, stderr } = await ask(run, file, args);
    if (exitCode !== 0)
      throw new SandboxIncomplete(
        `${program} cannot make in a rehearsal what the host has: ${stderr.trim()}`,
      );
  };
  for (const set of objects.sets) await start(programs.ipset, set);
  for (const account of objects.accounts) await start(programs.nfacct, ['add', account]);
  for (const timeout of objects.timeouts) await start(programs.nfct, timeout);
}
