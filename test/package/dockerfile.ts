import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCKER = join(import.meta.dirname, '../../docker');
export const DOCKERFILE = join(DOCKER, 'Dockerfile');

export interface Instruction {
  keyword: string;
  /** `--from=build` … */
  flags: Map<string, string>;
  /** What comes after the flags, on one line. */
  rest: string;
}

/** The instructions of a Dockerfile, in order, without comments and line breaks. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const joined = lines.join('\n').replaceAll(/\\\n\s*/g, '');
  return joined.split('\n').map((line) => {
    const [, keyword = '', flags = '', rest = ''] = /^(\w+)\s+((?:--[\w-]+=\S+\s+)*)(.*)$/.exec(line) ?? [];
    const pairs = flags.matchAll(/--([\w-]+)=(\S+)/g);
    return {
      keyword,
      flags: new Map([...pairs].map(([, name = '', value = '']) => [name, value] as const)),
      rest,
    };
  });
}

/** Replaces each `${NAME}` by its value. @throws {Error} if there is no value */
export function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`the Dockerfile uses ${name}, and has no ARG for it`);
    return value;
  });
}

/** `A=1 B="two words"` as ENV, ARG and LABEL have them. */
export function parsePairs(text: string): [string, string][] {
  const pairs = text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g);
  return [...pairs].map(([, name = '', quoted, plain = '']) => [name, quoted ?? plain]);
}

/** `["a", "b"]`, the one form of commands that needs no shell. */
export function parseCommand(text: string): string[] {
  return JSON.parse(text) as string[];
}

/** The paths that a build may see; the ignore file forbids all others. */
export async function contextPaths(): Promise<string[]> {
  const lines = (await readFile(`${DOCKERFILE}.dockerignore`, 'utf8')).split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (patterns.shift() !== '*' || patterns.some((line) => !/^![\w./-]+$/.test(line))) {
    throw new Error('Dockerfile.dockerignore is to forbid everything, and then to allow plain paths');
  }
  return patterns.map((line) => line.slice(1));
}
