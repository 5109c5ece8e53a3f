import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { FileError, FileProblem } from './file-error.ts';

/** A file, or standard input for `-`. @throws {FileError} */
export async function readInput(path: string): Promise<Buffer> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw new FileError([new FileProblem(path, null, `cannot be read: ${(error as Error).message}`)]);
  }
}
