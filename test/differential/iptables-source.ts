import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** The versions to compare with, and the Debian release that has the source package of each. */
const RELEASES = { '1.8.9': 'bookworm', '1.8.11': 'trixie' } as const;
export type IptablesVersion = keyof typeof RELEASES;
export const IPTABLES_VERSIONS = Object.keys(RELEASES) as IptablesVersion[];

// Not in /tmp, where anyone could put a program of that name for root to run.
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/fleetwall-iptables/', import.meta.url));

/** A folder for what is built from the sources of this version. It is kept from one run to the next. */
export async function cacheOf(version: IptablesVersion): Promise<string> {
  const folder = join(CACHE, version);
  await mkdir(folder, { recursive: true });
  return folder;
}

/**
 * The folder with upstream's sources. They are fetched at the first use: they have a licence of their own, and so are not
 * part of this repository.
 */
export async function fetchSource(version: IptablesVersion): Promise<string> {
  const folder = join(await cacheOf(version), 'source');
  if ((await readdir(folder).catch(() => [])).length > 0) return folder;
  const scratch = await mkdtemp(join(dirname(folder), 'fetch-'));
  try {
    const tarball = await download(version, scratch);
    const unpacked = join(scratch, 'source');
    await mkdir(unpacked);
    await execa('tar', ['--extract', '--file', tarball, '--directory', unpacked, '--strip-components=1']);
    // If two runs fetch at the same time, the result of the second one is deleted: both are the same.
    await rename(unpacked, folder).catch(async (error: unknown) => {
      if ((await readdir(folder).catch(() => [])).length === 0) throw error;
    });
    return folder;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function download(version: IptablesVersion, scratch: string): Promise<string> {
  const lists = join(scratch, 'lists');
  await mkdir(join(lists, 'partial'), { recursive: true });
  const sources = join(scratch, 'sources.list');
  await writeFile(sources, `deb-src ${await mirror()} ${RELEASES[version]} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::Lists=${lists}`,
  ];
  const apt = ['-q', ...options.flatMap((option) => ['-o', option])];
  await execa('apt-get', [...apt, 'update']);
  // Only upstream's part is needed; a mirror may lack Debian's own part of the package, for example after a point release.
  const fetched = await execa('apt-get', [...apt, 'source', '--download-only', 'iptables'], {
    cwd: scratch,
    reject: false,
    all: true,
  });
  const name = (await readdir(scratch)).find((file) => /^iptables_.*\.orig\.tar\.\w+$/.test(file));
  if (name?.startsWith(`iptables_${version}.`) !== true) {
    throw new Error(`apt-get did not fetch iptables ${version}, but ${name ?? 'nothing'}: ${fetched.all}`);
  }
  return join(scratch, name);
}

/** The Debian mirror that the apt of this machine is set up with. */
async function mirror(): Promise<string> {
  const { stdout } = await execa('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
  ]);
  const [first] = stdout.split('\n');
  if (first === undefined || first === '')
    throw new Error('this machine has no package lists: apt-get update');
  return first;
}
