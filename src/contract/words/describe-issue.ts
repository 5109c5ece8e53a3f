import type * as z from 'zod';
import { escapeControl } from './escape.ts';

const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};
const NOT_EMPTY = 'must not be empty';
/** A longer text is not quoted, nor is what may be an address with a password in it. */
const MOST_QUOTED = 60;

/**
 * To be given to `safeParse`: what the schema does not say itself is said in words of ours, `must be …`, in place of zod's; and each issue has what
 * was found, for {@link describeIssue}.
 */
export const IN_WORDS = { error: sayWanted, reportInput: true } as const;

/** An issue as a sentence: where, what was found there, and what is wanted. For what was parsed with {@link IN_WORDS}. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const sentence = sayFound(issue);
  return issue.path.length === 0 ? sentence : `${issue.path.join('.')}: ${sentence}`;
}

/** The same without where. */
export function sayFound(issue: z.core.$ZodIssue): string {
  const { code, message } = issue;
  const input = foundBy(issue);
  if (code === 'unrecognized_keys' || !message.startsWith('must ')) return message;
  if (message === NOT_EMPTY && (input === '' || Array.isArray(input))) return 'is empty';
  return `is ${nameFound(input)}, and ${message}`;
}

/** Of the fields of something that may be of several kinds, the one that says of which it is. */
function foundBy(issue: z.core.$ZodIssue): unknown {
  if (issue.code !== 'invalid_union' || !('discriminator' in issue)) return issue.input;
  const { input, discriminator } = issue as { input?: unknown; discriminator?: string };
  return (input as Record<string, unknown> | undefined)?.[discriminator ?? ''];
}

function nameFound(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  if (typeof value !== 'string') return Array.isArray(value) ? 'a list' : 'a mapping';
  if (value === '') return 'empty';
  return value.length > MOST_QUOTED || value.includes('://') ? 'a text' : `"${escapeControl(value)}"`;
}

function sayWanted(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') return `must be ${WANTED[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small')
    return sayBound(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
  if (issue.code === 'too_big')
    return sayBound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format')
    return issue.format === 'regex' ? `must have the form ${issue.pattern}` : `must be a ${issue.format}`;
  if (issue.code === 'unrecognized_keys')
    return `there is no field ${issue.keys.map(escapeControl).join(', ')}`;
  if (issue.code === 'invalid_union' && Array.isArray(issue['options']))
    return `must be one of ${issue['options'].join(', ')}`;
  return 'is not possible here';
}

function sayBound(origin: string, bound: number | bigint, how: string): string {
  const of = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
  if (of === '') return `must be ${how} ${bound}`;
  return bound === 1 && how === 'at least' ? NOT_EMPTY : `must have ${how} ${bound}${of}`;
}
