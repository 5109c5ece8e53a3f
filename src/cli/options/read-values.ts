import { InvalidArgumentError } from 'commander';
import { HostId, JobId, ListName, Revision, Timestamp } from '../../contract/words/identifiers.ts';
import { parseNetwork } from '../../list/network.ts';

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

export function readJobId(text: string): string {
  if (JobId.safeParse(text).success) return text;
  throw new InvalidArgumentError(
    'The id of a job is a UUID such as 5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e: fleetwall status and fleetwall watch show it.',
  );
}

export function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('A number of seconds.');
  return seconds;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** @returns seconds, of `90s`, `15m`, `4h`, `7d`, or a number of seconds */
export function readDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  const seconds = Number(number) * (UNIT_SECONDS[unit] ?? 1);
  if (!(seconds > 0)) throw new InvalidArgumentError('A time such as 90s, 15m, 4h or 7d.');
  return seconds;
}

export function readRevision(text: string): number {
  const read = Revision.safeParse(Number(text));
  if (!read.success) throw new InvalidArgumentError('A revision is a whole number from 1.');
  return read.data;
}

export function readIfRevision(text: string): number {
  return text === '0' ? 0 : readRevision(text);
}

export function readRevisionOrNext(text: string): number | 'next' {
  if (text === 'next') return text;
  const read = Revision.safeParse(Number(text));
  if (!read.success) throw new InvalidArgumentError('A revision is a whole number from 1, or next.');
  return read.data;
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
