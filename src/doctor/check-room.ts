import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Finding, failure, ok, warning } from './finding.ts';
import { isThere } from './is-there.ts';

/** What a folder has to have room for, in bytes and in files. */
export interface Room {
  bytes: number;
  files: number;
}

const MIB = 1024 * 1024;
/** Below this, a job with a large ruleset ends as `state_unavailable`: it is kept as text, in boot files, and in its result. */
export const STATE_LEAST: Room = { bytes: 4 * MIB, files: 100 };
/** Much more than the snapshot, the boot files and the result of a large ruleset need. */
export const STATE_AMPLE: Room = { bytes: 100 * MIB, files: 1_000 };
/** Lock files, of a line each. */
export const RUN_LEAST: Room = { bytes: 16 * 1024, files: 8 };

/**
 * Whether there is room in a folder, or where it is to be made. It is asked for what may be used without the reserve of root, as the
 * service has no right to that.
 */
export async function examineRoom(folder: string, least: Room, ample: Room = least): Promise<Finding> {
  const path = await nearestThere(folder);
  const { bavail, bsize, ffree, files } = await statfs(path);
  // Some file systems have no limit on the number of files, and give 0.
  const free: Room = { bytes: bavail * bsize, files: files === 0 ? Number.POSITIVE_INFINITY : ffree };
  const told = `${tellBytes(free.bytes)} free${files === 0 ? '' : `, ${ffree} files can be made`} in ${path}`;
  const advice =
    'make room: see what takes it with "df -h" and "df -i"; jobs end as state_unavailable without it';
  if (!fits(least, free)) {
    return failure(
      `no room for ${folder}: ${told}, and it takes ${tellBytes(least.bytes)} and ${least.files} files`,
      advice,
    );
  }
  return fits(ample, free) ? ok(told) : warning(`little room for ${folder}: ${told}`, advice);
}

/** The folder itself, or that of its parents in which it would be made. */
export async function nearestThere(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await isThere(path)) ? path : await nearestThere(parent);
}

function fits(wanted: Room, free: Room): boolean {
  return free.bytes >= wanted.bytes && free.files >= wanted.files;
}

function tellBytes(bytes: number): string {
  return bytes < MIB ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / MIB)} MiB`;
}
