import { constants } from 'node:os';

/** What a host may be short of for a while, errno(3): room on a disk, a disk that works, open files, processes, memory. */
const SHORTAGES = new Set('ENOSPC EDQUOT EROFS EIO EACCES EPERM EMFILE ENFILE EAGAIN ENOMEM'.split(' '));

const NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** Says whether an error, or what caused it, is one of the system that may be over by itself. */
export function isShortage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return SHORTAGES.has(systemCode(error) ?? '') || isShortage(error.cause);
}

/** What an error says, also where Node does not know the system's error: of `EDQUOT` it says "Unknown system error -122". */
export function messageOf(error: Error): string {
  const code = systemCode(error);
  return code === undefined ? error.message : error.message.replaceAll(UNKNOWN, code);
}

const UNKNOWN = /Unknown system error -\d+/g;

function systemCode({ code, errno }: NodeJS.ErrnoException): string | undefined {
  return errno === undefined ? code : (NAMES.get(-errno) ?? code);
}
