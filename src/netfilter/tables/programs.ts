import { access, constants, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '../../config/setup-error.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { RunCommand } from '../../host/command.ts';
import type { PerFamily } from '../../ruleset/tables.ts';

export type Backend = 'nft' | 'legacy';

/** The programs of one variant of iptables, by absolute path. */
export interface Programs {
  backend: Backend;
  /** A version such as `1.8.9`. */
  version: string;
  save: PerFamily<string>;
  restore: PerFamily<string>;
  /** `iptables` itself, of the same variant; `null` if it is not installed. */
  list: PerFamily<string | null>;
  /** `null` if it is not installed. */
  ipset: string | null;
  /** `null` if it is not installed. */
  nft: string | null;
  /** `null` if it is not installed. */
  nfacct: string | null;
  /** `null` if it is not installed. */
  nfct: string | null;
  /** `null` if it is not installed. */
  conntrack: string | null;
  /** `null` if it is not installed. */
  ss: string | null;
}

const FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin'];
const PREFIX: PerFamily<string> = { ipv4: 'iptables', ipv6: 'ip6tables' };
const VERSION = /^ip6?tables(?:-\w+)*(?: \S+)? v(\d+\.\d+\.\d+)(?: \((legacy|nf_tables)\))?/m;
const PROBE_MS = 10_000;

/**
 * Finds the programs of the wanted variant. `auto` is the variant of the host's own `iptables`, which everything else on the host
 * uses.
 *
 * @throws {SetupError} if a program is missing
 */
export async function findPrograms(wanted: Backend | 'auto', run: RunCommand): Promise<Programs> {
  if (wanted !== 'auto') return await programsOf(wanted, run, null);
  const file = await findProgram('iptables');
  const found = file === null ? null : await readVersion(file, run);
  const known = file === null || found === null ? null : { file: await realpath(file), ...found };
  return await programsOf(found?.backend ?? 'nft', run, known);
}

/**
 * @param known a program and its version. All programs of one variant are usually one file with many names: then the version is
 * not asked for again
 */
async function programsOf(
  backend: Backend,
  run: RunCommand,
  known: { file: string; version: string } | null,
): Promise<Programs> {
  const find = async (family: Family, verb: 'save' | 'restore') => {
    const name = `${PREFIX[family]}-${backend}-${verb}`;
    const file = (await findProgram(name)) ?? (await findUnmarked(`${PREFIX[family]}-${verb}`, backend, run));
    if (file !== null) return file;
    throw new SetupError(
      `${name} is not in ${FOLDERS.join(', ')}: install the package iptables, or choose another FLEETWALL_BACKEND`,
    );
  };
  const [save4, save6, restore4, restore6] = await Promise.all([
    find('ipv4', 'save'),
    find('ipv6', 'save'),
    find('ipv4', 'restore'),
    find('ipv6', 'restore'),
  ]);
  const isKnown = known !== null && (await realpath(restore4)) === known.file;
  const version = isKnown ? known.version : ((await readVersion(restore4, run))?.version ?? 'unknown');
  return {
    backend,
    version,
    save: { ipv4: save4, ipv6: save6 },
    restore: { ipv4: restore4, ipv6: restore6 },
    list: { ipv4: await findLister('ipv4', backend, run), ipv6: await findLister('ipv6', backend, run) },
    ipset: await findProgram('ipset'),
    nft: await findProgram('nft'),
    nfacct: await findProgram('nfacct'),
    nfct: await findProgram('nfct'),
    conntrack: await findProgram('conntrack'),
    ss: await findProgram('ss'),
  };
}

async function findLister(family: Family, backend: Backend, run: RunCommand): Promise<string | null> {
  const name = PREFIX[family];
  return (await findProgram(`${name}-${backend}`)) ?? (await findUnmarked(name, backend, run));
}

/** Finds a program by its name without a variant. Before 1.8 there was only one variant, with such names. */
async function findUnmarked(name: string, backend: Backend, run: RunCommand): Promise<string | null> {
  const file = await findProgram(name);
  if (file === null) return null;
  return (await readVersion(file, run))?.backend === backend ? file : null;
}

/** Finds a program by its name in the folders of the system; `null` if it is not installed. */
export async function findProgram(name: string): Promise<string | null> {
  for (const folder of FOLDERS) {
    const file = join(folder, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}

async function readVersion(
  file: string,
  run: RunCommand,
): Promise<{ version: string; backend: Backend } | null> {
  const { stdout } = await run({
    file,
    args: ['--version'],
    timeoutMs: PROBE_MS,
  });
  const [, version, variant] = VERSION.exec(stdout) ?? [];
  if (version === undefined) return null;
  return { version, backend: variant === 'nf_tables' ? 'nft' : 'legacy' };
}
