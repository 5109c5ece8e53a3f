import { createHash } from 'node:crypto';
import { access, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { cacheOf, fetchSource, type IptablesVersion } from './iptables-source.ts';

const FRAME = fileURLToPath(new URL('./splitter.c', import.meta.url));

/** The program that splits lines as this version of iptables does. It is built again only if our own part of it has changed. */
export async function buildSplitter(version: IptablesVersion): Promise<string> {
  const folder = await cacheOf(version);
  const digest = createHash('sha256')
    .update(await readFile(FRAME))
    .digest('hex');
  const program = join(folder, `splitter-${digest.slice(0, 16)}`);
  if (await exists(program)) return program;
  const source = await fetchSource(version);
  const scratch = await mkdtemp(join(folder, 'build-'));
  try {
    await writeFile(join(scratch, 'original.h'), await originalFunctions(source));
    const output = join(scratch, 'splitter');
    // Upstream compares a signed length with an unsigned one, so warnings are not asked for.
    await execa('gcc', ['-std=gnu11', '-O2', '-w', `-I${scratch}`, '-o', output, FRAME]);
    await rename(output, program);
    return program;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** The text of upstream's functions that read a line of iptables-restore. */
async function originalFunctions(source: string): Promise<string> {
  const header = await readFile(join(source, 'iptables/xshared.h'), 'utf8');
  const code = await readFile(join(source, 'iptables/xshared.c'), 'utf8');
  return [
    cut(header, /^#define MAX_ARGC\b.*\n/m),
    cut(header, /^struct argv_store \{\n[^]*?^\};\n/m),
    cut(code, /^bool tokenize_rule_counters\([^]*?^\}\n/m),
    cut(code, /^void add_argv\([^]*?^\}\n/m),
    cut(code, /^struct xt_param_buf \{\n[^]*?^\};\n/m),
    cut(code, /^static void add_param\([^]*?^\}\n/m),
    cut(code, /^void add_param_to_argv\([^]*?^\}\n/m),
  ].join('\n');
}

function cut(text: string, pattern: RegExp): string {
  const [found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`upstream has nothing like ${pattern.source}: it was rewritten`);
  return found;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
