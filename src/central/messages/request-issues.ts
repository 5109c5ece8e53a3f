import type * as z from 'zod';
import type { RequestIssue } from './errors.ts';
import { nearestName } from './names.ts';

/**
 * What a schema has found wrong, for programs.
 *
 * @param at where the value is that was read
 * @param fields which may be there, if others may not
 */
export function issuesOf(
  error: z.ZodError,
  at: readonly string[],
  fields: readonly string[] = [],
): RequestIssue[] {
  return error.issues.flatMap((issue) => {
    const path = [...at, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message, nearest: null }];
    return issue.keys.map((key) => unknownField([...path, key], fields));
  });
}

/** @param path ends with the name of the field */
export function unknownField(path: readonly (string | number)[], fields: readonly string[]): RequestIssue {
  const name = String(path.at(-1));
  return { path, message: `there is no field ${name}`, nearest: nearestName(name, fields) };
}
