import { readFile } from 'node:fs/promises';

/** A file as UTF-8, without the byte order mark that some editors put before it. @throws {Error} of the system */
export async function readText(path: string): Promise<string> {
  return textOf(await readFile(path));
}

/** As {@link readText}, of what was read. */
export function textOf(bytes: Uint8Array): string {
  // Unless it is told to keep it, this leaves the mark out.
  return new TextDecoder().decode(bytes);
}
