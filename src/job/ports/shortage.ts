/** What a host may be short of for a while, errno(3): room on a disk, a disk that works, open files, processes, memory. */
const SHORTAGES = new Set('ENOSPC EDQUOT EROFS EIO EACCES EPERM EMFILE ENFILE EAGAIN ENOMEM'.split(' '));

/** Says whether an error, or what caused it, is one of the system that may be over by itself. */
export function isShortage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause }: NodeJS.ErrnoException = error;
  return (code !== undefined && SHORTAGES.has(code)) || isShortage(cause);
}
