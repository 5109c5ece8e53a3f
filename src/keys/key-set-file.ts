import { open, rename, rm, stat } from 'node:fs/promises';
import { SettingsError } from '../config/settings-error.ts';
import { readTrustedKeys } from '../config/trusted-keys.ts';
import { readText } from '../system/read-text.ts';

/** A JWK set as it stands in its file: members that are not ours are kept. */
interface KeySet {
  keys: { kid: string }[];
}

/**
 * Puts the keys of one file into another, beside those that it has. What is there already is not put there again.
 *
 * @returns the names of the keys that were put there
 * @throws {SettingsError} if one of the files is wrong, or both have different keys under one name
 */
export async function addKeys(path: string, from: string): Promise<string[]> {
  const known = await readTrustedKeys(path);
  const before = await readSet(path);
  const given = await readTrustedKeys(from);
  const isThere = (kid: string) => {
    const [own, other] = [known, given].map((keys) => keys.find((key) => key.kid === kid));
    return JSON.stringify(own) === JSON.stringify(other);
  };
  const added = (await readSet(from)).keys.filter(({ kid }) => !isThere(kid));
  if (added.length > 0) await replace(path, { ...before, keys: [...before.keys, ...added] });
  return added.map(({ kid }) => kid);
}

/**
 * Takes one key out of a file.
 *
 * @throws {SettingsError} if it is not there, or is the last one: a host that trusts nobody takes no job
 */
export async function removeKey(path: string, kid: string): Promise<void> {
  await readTrustedKeys(path);
  const before = await readSet(path);
  const keys = before.keys.filter((key) => key.kid !== kid);
  if (keys.length === before.keys.length) throw new SettingsError(`${path}: there is no key ${kid}`);
  if (keys.length === 0) {
    throw new SettingsError(
      `${path}: ${kid} is the only key: put its successor there first (fleetwall keys add)`,
    );
  }
  await replace(path, { ...before, keys });
}

/** Workers may read the file at any moment: they find the old one or the new one, and each is whole. */
async function replace(path: string, set: KeySet): Promise<void> {
  const { mode } = await stat(path);
  const aside = `${path}.new`;
  try {
    await writeFlushed(aside, `${JSON.stringify(set, null, 2)}\n`, mode);
    await readTrustedKeys(aside);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    if (error instanceof SettingsError) throw new SettingsError(error.message.replaceAll(aside, path));
    throw error;
  }
}

async function writeFlushed(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** After {@link readTrustedKeys}, which says what is wrong with a file. */
async function readSet(path: string): Promise<KeySet> {
  return JSON.parse(await readText(path)) as KeySet;
}
