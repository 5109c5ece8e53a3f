import { InvalidArgumentError } from 'commander';
import { HostId, Revision } from '../../contract/identifiers.ts';

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

export function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('A number of seconds.');
  return seconds;
}

export function readRevision(text: string): number {
  const read = Revision.safeParse(Number(text));
  if (!read.success) throw new InvalidArgumentError('A revision is a whole number from 1.');
  return read.data;
}

export function readRevisionOrNext(text: string): number | 'next' {
  if (text === 'next') return text;
  const read = Revision.safeParse(Number(text));
  if (!read.success) throw new InvalidArgumentError('A revision is a whole number from 1, or next.');
  return read.data;
}
