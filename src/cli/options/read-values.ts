import { InvalidArgumentError } from 'commander';
import { HostId, JobId, ListName, Revision, Timestamp } from '../../contract/words/identifiers.ts';
import { parseNetwork } from '../../list/network.ts';
import { canWait, LONGEST_WAIT_SECONDS, readDecimal } from '../../system/longest-wait.ts';

/** Another value of an option that may be given several times. */
export function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}

/** … which is the name of a host or of a group. */
export function collectName(value: string, values: readonly string[] = []): string[] {
  const read = HostId.safeParse(value);
  if (!read.success) throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is no name'}.`);
  return [...values, value];
}

/** Most of what is a file's name, as the password of a user is kept in one. */
const USER_NAME = /^(?!\.{1,2}$)[^/\p{Cc}]{1,128}$/u;

/** … which is the name of a user of the broker. */
export function collectUser(value: string, values: readonly string[] = []): string[] {
  if (!USER_NAME.test(value))
    throw new InvalidArgumentError(
      'The name of a user has 1 to 128 characters, and no / or control characters.',
    );
  return [...values, value];
}

export function readJobId(text: string): string {
  if (JobId.safeParse(text).success) return text;
  throw new InvalidArgumentError(
    'The id of a job is a UUID such as 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e: fleetwall status and fleetwall watch show it.',
  );
}

/** @returns seconds that a timer can wait for */
export function readSeconds(text: string): number {
  const seconds = readDecimal(text);
  if (!canWait(seconds))
    throw new InvalidArgumentError(`A number of seconds, at most ${LONGEST_WAIT_SECONDS}.`);
  return seconds;
}

/** A century: with more, a date may be none. */
const LONGEST_DAYS = 36_500;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** @returns seconds, of `90s`, `15m`, `4h`, `7d`, or a number of seconds */
export function readDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  const seconds = Number(number) * (UNIT_SECONDS[unit] ?? 1);
  if (!(seconds > 0 && seconds <= LONGEST_DAYS * 86_400))
    throw new InvalidArgumentError(`A time such as 90s, 15m, 4h or 7d, at most ${LONGEST_DAYS}d.`);
  return seconds;
}

/** As {@link readDuration}, for what a timer waits for. */
export function readPause(text: string): number {
  const seconds = readDuration(text);
  if (seconds > LONGEST_WAIT_SECONDS)
    throw new InvalidArgumentError(`A time such as 10s or 1m, at most ${LONGEST_WAIT_SECONDS}s.`);
  return seconds;
}

export function readRevision(text: string): number {
  const read = revisionIn(text);
  if (read === null) throw new InvalidArgumentError('A revision is a whole number from 1.');
  return read;
}

export function readIfRevision(text: string): number {
  return text === '0' ? 0 : readRevision(text);
}

export function readRevisionOrNext(text: string): number | 'next' {
  if (text === 'next') return text;
  const read = revisionIn(text);
  if (read === null) throw new InvalidArgumentError('A revision is a whole number from 1, or next.');
  return read;
}

/** In decimal digits: what is written otherwise, such as 1e3, is rather a slip. */
function revisionIn(text: string): number | null {
  return /^\d+$/.test(text) ? (Revision.safeParse(Number(text)).data ?? null) : null;
}

export function readListName(text: string): string {
  const read = ListName.safeParse(text);
  if (!read.success) throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is no name'}.`);
  return text;
}

/** Another address or network. */
export function collectEntry(text: string, entries: readonly string[] = []): string[] {
  const network = parseNetwork(text);
  if (typeof network === 'string') throw new InvalidArgumentError(`It ${network}.`);
  return [...entries, network.text];
}

/** @returns RFC 3339 */
export function readTime(text: string): string {
  const read = Timestamp.safeParse(text);
  if (!read.success) throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is no time'}.`);
  if (!(Date.parse(read.data) > Date.now())) throw new InvalidArgumentError('It is in the past.');
  return read.data;
}
