import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** As many symbolic links as Linux follows on one way: path_resolution(7). */
const MOST_LINKS = 40;

/** A folder, file or symbolic link that the kernel comes to on its way to a file. */
export interface Place {
  path: string;
  found: Stats;
  /** Whether it is what the way leads to. */
  isEnd: boolean;
}

/**
 * The whole way to a file, from `/` on, symbolic links and where they lead to included: whoever may change any of it decides what is read.
 * It ends where nothing can be seen, or links lead round in a circle: whoever opens the file is told so.
 */
export async function placesOnTheWay(path: string): Promise<Place[]> {
  const places: Place[] = [{ path: sep, found: await lstat(sep), isEnd: false }];
  let folder: string = sep;
  let rest = namesIn(resolve(path));
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = join(folder, name);
    const found = await lstat(next).catch(() => null);
    if (found === null) return places;
    places.push({ path: next, found, isEnd: rest.length === 0 && !found.isSymbolicLink() });
    if (found.isSymbolicLink()) {
      links += 1;
      if (links > MOST_LINKS) return places;
      const target = await readlink(next);
      if (target.startsWith(sep)) folder = sep;
      rest = [...namesIn(target), ...rest];
    } else folder = next;
  }
  return places;
}

/** The user whose place it is, where that is neither root nor the user of this process; else `null`. */
export function otherOwner({ found: { uid } }: Place): number | null {
  const me = process.geteuid?.() ?? 0;
  return uid === me || uid === 0 ? null : uid;
}

/** Whether others than its owner may change what is read there. */
export function mayBeWritten({ found, isEnd }: Place): boolean {
  // The mode of a symbolic link says nothing: it is the folder's right that counts.
  if (found.isSymbolicLink() || (found.mode & OTHERS_WRITE) === 0) return false;
  // In a sticky folder, such as /tmp, nobody can replace what is another's. Of a file, that bit protects nothing.
  const isOnTheWay = found.isDirectory() && !isEnd;
  return !(isOnTheWay && (found.mode & STICKY) !== 0);
}

function namesIn(path: string): string[] {
  return path.split(sep).filter((name) => name !== '' && name !== '.');
}
