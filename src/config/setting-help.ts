import * as z from 'zod';

/** What the help says of a setting. */
interface SettingHelp {
  /** The kind of value, as it stands behind the flag. */
  value: string;
  description: string;
  /** What holds where nothing is given; empty: nothing does. */
  fallback: string;
}

const HELP = z.registry<SettingHelp>();

/** A setting with its help. `fallback` is for a default that is no plain value. */
export function told<T extends z.ZodType>(
  type: T,
  value: string,
  description: string,
  fallback: string = defaultOf(type),
): T {
  HELP.add(type, { value, description, fallback });
  return type;
}

/** @throws {Error} if nothing is told of it */
export function helpOf(type: z.ZodType): SettingHelp {
  const help = HELP.get(type);
  if (help === undefined) throw new Error('there is a setting without help');
  return help;
}

function defaultOf(type: z.ZodType): string {
  return type instanceof z.ZodDefault || type instanceof z.ZodPrefault ? String(type.def.defaultValue) : '';
}
