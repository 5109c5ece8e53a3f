import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');

/** The integration tests run what is in `dist`. They must never test an older state of `src` than the one in front of you. */
export default async function setup(): Promise<void> {
  await execa('test/fresh-build', [], { cwd: ROOT, stdio: 'inherit' });
}
