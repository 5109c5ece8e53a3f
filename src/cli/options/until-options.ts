import { type Command, Option } from 'commander';
import { readDuration, readTime } from './read-values.ts';

/** When something ends: after a time, or at one. */
export interface UntilFlags {
  for?: number;
  until?: string;
}

/** @param what what ends, as in `for how long WHAT` and `when WHAT ends` */
export function withUntil(
  command: Command,
  what: { for: string; until: string; otherwise: string },
): Command {
  return command
    .addOption(
      new Option('--for <duration>', `${what.for}, such as 90s, 4h or 7d`)
        .argParser(readDuration)
        .default(undefined, what.otherwise),
    )
    .addOption(
      new Option('--until <time>', `${what.until}, such as 2026-11-25T18:00:00Z`)
        .argParser(readTime)
        .conflicts('for'),
    );
}

/** RFC 3339; `undefined`: it does not end. */
export function untilOf(flags: UntilFlags): string | undefined {
  if (flags.for === undefined) return flags.until;
  return new Date(Date.now() + flags.for * 1000).toISOString();
}
