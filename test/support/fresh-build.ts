import { join } from 'node:path';
import { execa } from 'execa';

const SCRIPT = join(import.meta.dirname, '../fresh-build');

/** The integration tests run what is in `dist`. They must never test an older state of `src` than the one in front of you. */
export default async function setup(): Promise<void> {
  await execa(SCRIPT, { stdio: 'inherit' });
}
