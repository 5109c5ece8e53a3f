import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { userStateFolder } from '../../config/user-state-folder.ts';
import { makeFolder } from '../../system/make-folder.ts';

/** Where the files of gates are that this user has begun rollouts with, each under the digest of what is in it. */
const folder = () => join(userStateFolder(), 'gates');

/** So that `rollout resume` finds it again. Where it cannot be kept, the file has to be named then. */
export async function rememberGates(digest: string, path: string): Promise<void> {
  try {
    await makeFolder(folder(), 0o700);
    await writeFile(join(folder(), digest), resolve(path), { mode: 0o600 });
  } catch {
    // A home that cannot be written to is no reason not to begin.
  }
}

/** The file that this user has begun a rollout with; `undefined`: another user or machine has. */
export async function recallGates(digest: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder(), digest), 'utf8');
  } catch {
    return undefined;
  }
}
