import { stat } from 'node:fs/promises';
import type * as z from 'zod';
import { describeIssue, IN_WORDS } from '../contract/words/describe-issue.ts';
import { mayBeWritten, otherOwner, type Place, placesOnTheWay } from '../system/places.ts';
import { readText } from '../system/read-text.ts';
import { SettingsError } from './settings-error.ts';

/**
 * Reads a file that decides who may do what on this host.
 *
 * @throws {SettingsError} if it cannot be read, or if anybody but root and the user of this process may change it
 */
export async function readOwnFile(path: string): Promise<string> {
  try {
    await assertOwnFile(path);
    return await readText(path);
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

/**
 * Checks the whole way to a file: who may replace a folder above it decides what is read.
 *
 * @throws {SettingsError} if anybody but root and the user of this process may change it; {Error} if it is not there
 */
export async function assertOwnFile(path: string): Promise<void> {
  for (const place of await placesOf(path)) {
    assertOwner(place);
    assertNotWritable(place);
  }
}

/** As {@link assertOwnFile}, of any owner: a secret that is mounted into a container keeps that which it has outside. */
export async function assertOneWriter(path: string): Promise<void> {
  for (const place of await placesOf(path)) assertNotWritable(place);
}

async function placesOf(path: string): Promise<Place[]> {
  const found = await stat(path);
  // What is written to /dev/null is not what is read from it.
  if (found.isCharacterDevice()) return [];
  // A pipe, such as the shell's `<(…)`, has no place where it could be replaced.
  if (!found.isFile()) return [{ path, found, isEnd: true }];
  return await placesOnTheWay(path);
}

const WHO = 'who so could command this host';

function assertOwner(place: Place): void {
  const { path, found } = place;
  const owner = otherOwner(place);
  if (owner === null) return;
  // Without -h, what a link leads to would be given away in its place.
  const chown = found.isSymbolicLink() ? 'chown -h' : 'chown';
  throw new SettingsError(
    `${path}: belongs to user ${owner}, ${WHO}: ${chown} ${process.geteuid?.() ?? 0} ${path}`,
  );
}

function assertNotWritable(place: Place): void {
  if (!mayBeWritten(place)) return;
  const { path } = place;
  throw new SettingsError(`${path}: may be written by others than its owner, ${WHO}: chmod go-w ${path}`);
}

/** Parses YAML. The library is loaded only now, as most commands have no YAML file. @throws {YAMLParseError} */
export async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('./yaml.ts');
  return parse(text);
}

/** Reads a YAML file of settings, and checks it. @throws {SettingsError} that names each wrong setting */
export async function readYamlSettings<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
  const text = await readOwnFile(path);
  let values: unknown;
  try {
    values = await parseYaml(text);
  } catch (error) {
    throw new SettingsError(`${path}: is not YAML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  const read = schema.safeParse(values ?? {}, IN_WORDS);
  if (!read.success) throw new SettingsError(describeIssues(path, read.error));
  return read.data;
}

/** One line for each issue, of what was parsed with {@link IN_WORDS}. */
export function describeIssues(place: string, error: z.ZodError): string {
  return error.issues.map((issue) => `${place}: ${describeIssue(issue)}`).join('\n');
}
