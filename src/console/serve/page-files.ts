import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Answer } from './answer.ts';

const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export type PageFiles = ReadonlyMap<string, Answer>;

/** The files of the page, in memory: there is no way from an address to any other file. @throws {Error} of the file system */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const read = async ([name, type]: [string, string]): Promise<[string, Answer]> => {
    const body = await readFile(join(folder, name));
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    return [name, { status: 200, type, body, zipped: await promisify(gzip)(body), etag }];
  };
  return new Map(await Promise.all(Object.entries(TYPES).map(read)));
}
