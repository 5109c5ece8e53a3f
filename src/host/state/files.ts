import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../system/make-folder.ts';

/** `latin1`: a character of the text is a byte of the file. */
type Encoding = 'utf8' | 'latin1';

/** The ending of a file that is not yet in its place. */
export const ASIDE = '.new';

/**
 * Puts a file in place, whole or not at all, so that it outlives a power cut: the file is written aside, flushed and renamed, and
 * then the folder is flushed, without which the new name could still be lost.
 */
export async function writeDurably(path: string, text: string, encoding: Encoding = 'utf8'): Promise<void> {
  const aside = `${path}${ASIDE}`;
  try {
    await placeDurably(await writeAside(path, text, encoding), path);
  } catch (error) {
    // It may hold the room that others need.
    await removeIfThere(aside).catch(() => {});
    throw error;
  }
}

/**
 * Puts files of one folder in place as {@link writeDurably} does, one after the other, with one flush of the folder for all of
 * them: they are written side by side.
 */
export async function writeAllDurably(
  files: readonly { path: string; text: string; encoding?: Encoding }[],
): Promise<void> {
  const folders = new Set(files.map(({ path }) => dirname(path)));
  try {
    const written = await Promise.allSettled(
      files.map(async ({ path, text, encoding }) => await writeAside(path, text, encoding)),
    );
    for (const one of written) if (one.status === 'rejected') throw one.reason;
    for (const { path } of files) await rename(`${path}${ASIDE}`, path);
    for (const folder of folders) await syncFolder(folder);
  } catch (error) {
    // They may hold the room that others need.
    for (const { path } of files) await removeIfThere(`${path}${ASIDE}`).catch(() => {});
    throw error;
  }
}

/**
 * Writes and flushes `PATH.new`, and returns that path; the folder is made if it is missing. The caller has a lock for it, or nobody
 * else writes to it.
 *
 * @param text a long one in parts: others have their turn between them
 */
export async function writeAside(
  path: string,
  text: string | readonly string[],
  encoding: Encoding = 'utf8',
): Promise<string> {
  const aside = `${path}${ASIDE}`;
  const file = await openAside(aside);
  try {
    await writeFile(file, text, encoding);
    await file.datasync();
  } finally {
    await file.close();
  }
  return aside;
}

/** Most folders are there: whether one is, is not asked each time. */
async function openAside(aside: string): Promise<FileHandle> {
  try {
    return await open(aside, 'w', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeFolderWithin(dirname(aside));
    return await open(aside, 'w', 0o600);
  }
}

/** Puts a file that was written aside in its place. */
export async function placeDurably(aside: string, path: string): Promise<void> {
  await rename(aside, path);
  await syncFolder(dirname(path));
}

/** Flushes the names in a folder: what was renamed or removed there stays so after a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @returns `null` if there is no such file */
export async function readIfThere(path: string, encoding: Encoding = 'utf8'): Promise<string | null> {
  try {
    return await readFile(path, encoding);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    // Node says neither of which file that is, nor what to do about it.
    if (code === 'EISDIR') {
      throw new Error(`${path} is a folder, where a file has to be: move it away`, { cause: error });
    }
    throw error;
  }
}

/** Takes a file away. That it is not there is no error. */
export async function removeIfThere(path: string): Promise<void> {
  // Two calls less than `rm`, which looks first at what it is.
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** The names of all that is in a folder. There is no folder, and so no name, before the first file was kept. */
export async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** The names of the JSON files in a folder, sorted. */
export async function jsonFilesIn(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  return names.filter((name) => name.endsWith('.json')).toSorted();
}

const LOOKED_AT_ONCE = 64;

/** As {@link jsonFilesIn}, the newest first, by when they were written. */
export async function jsonFilesByAge(folder: string): Promise<string[]> {
  const names = await jsonFilesIn(folder);
  const files: { name: string; timeMs: number }[] = [];
  // Not all at once: ten thousand calls that wait take more memory than everything else in the worker.
  for (let from = 0; from < names.length; from += LOOKED_AT_ONCE) {
    const some = names.slice(from, from + LOOKED_AT_ONCE);
    const times = some.map(async (name) => ({ name, timeMs: (await stat(join(folder, name))).mtimeMs }));
    files.push(...(await Promise.all(times)));
  }
  return files.toSorted((one, other) => other.timeMs - one.timeMs).map(({ name }) => name);
}

/**
 * Makes a folder of the state folder, unless it exists, and none above it: a state folder that was taken away stays away, so that it
 * can be put back.
 */
export async function makeFolderWithin(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Makes a folder that only its owner may look into, unless it exists, and those above it. */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path, 0o700);
}

/**
 * Changes with the content of a path, without reading it, as each new content is a new file. `null`: there is no file. What cannot
 * be looked at is not missing: whoever takes it for that might take away what belongs to it.
 *
 * @throws the error of `stat`, if the path cannot be looked at
 */
export async function identityOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found === null ? null : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

/** @returns `null` for a text that is not JSON, which no schema accepts */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
