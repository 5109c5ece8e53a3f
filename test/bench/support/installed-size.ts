import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../../..');

interface Lock {
  packages: Record<string, { dependencies?: Record<string, string> }>;
}

/** The size on disk in MiB: of the package with all its dependencies, or of amqplib alone with its own. */
export async function installedMiB(what: 'all' | 'amqplib'): Promise<number> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const needed = new Set<string>();
  const need = (name: string) => {
    const path = `node_modules/${name}`;
    if (needed.has(path) || packages[path] === undefined) return;
    needed.add(path);
    for (const other of Object.keys(packages[path].dependencies ?? {})) need(other);
  };
  for (const name of what === 'all' ? Object.keys(packages['']?.dependencies ?? {}) : ['amqplib']) need(name);
  const folders = [...needed, ...(what === 'all' ? ['dist'] : [])];
  const { stdout } = await execa('du', ['--summarize', '--bytes', '--total', ...folders], { cwd: ROOT });
  return Number(stdout.split('\n').at(-1)?.split('\t', 1)[0]) / 1024 / 1024;
}
