import { createReadStream } from 'node:fs';
import { textOf } from '../../system/read-text.ts';
import { FileError, FileProblem } from './file-error.ts';

/** Twice what the largest job may have: what is longer, such as a device, may have no end. */
const MOST_MIB = 128;

/** A file, or standard input for `-`, byte for byte. @throws {FileError} */
export async function readInput(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MOST_MIB * 2 ** 20) throw new Error(`it has more than ${MOST_MIB} MiB`);
    }
  } catch (error) {
    throw new FileError([new FileProblem(path, null, `cannot be read: ${(error as Error).message}`)]);
  }
  return Buffer.concat(chunks);
}

/** … as text, without a byte order mark. @throws {FileError} */
export async function readInputText(path: string): Promise<string> {
  return textOf(await readInput(path));
}
