import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';

const FOLDER = join(import.meta.dirname, '../../../dist/cli');

/** All that is loaded before anything of `file` runs. */
async function loadedWith(file: string, seen = new Map<string, string>()): Promise<Map<string, string>> {
  if (seen.has(file)) return seen;
  const text = await readFile(join(FOLDER, file), 'utf8');
  seen.set(file, text);
  const imports = [...text.matchAll(/(?:^|[;}\n])\s*(?:import|export)[^;'"()]*["']\.\/([^"']+\.js)["']/g)];
  for (const [, other = ''] of imports) await loadedWith(other, seen);
  return seen;
}

it('help and the way to a command load nothing of what commands need', async () => {
  const loaded = [...(await loadedWith('main.js')).values()].join('\n');
  expect(loaded).toContain('CommanderError');
  // Of zod, amqplib, pino and execa.
  for (const sign of ['ZodError', 'basic.consume', 'pino', 'human-signals'])
    expect(loaded).not.toContain(sign);
});

it('consuming needs neither YAML nor metrics, unless there is a file or an address', async () => {
  const main = await readFile(join(FOLDER, 'main.js'), 'utf8');
  const [, worker = ''] = /(worker-\w+\.js)/.exec(main) ?? [];
  const loaded = [...(await loadedWith(worker)).values()].join('\n');
  expect(loaded).toContain('ZodError');
  for (const sign of ['YAMLParseError', 'collectDefaultMetrics']) expect(loaded).not.toContain(sign);
});

it('a disk that is full is told as that, and is no fault of fleetwall', async () => {
  const command = `exec ${process.execPath} ${join(FOLDER, 'main.js')} explain > /dev/full`;
  const { exitCode, stderr } = await execa('sh', ['-c', command], { reject: false });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: 'fleetwall: standard output cannot be written: ENOSPC: no space left on device, write',
  });
});

it('help tells of every command, and each tells of itself', async () => {
  const help = await fleetwall(['--help']);
  expect(help.status).toBe(0);
  const names = [...help.stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name);
  expect(names.toSorted((a, b) => a.localeCompare(b))).toEqual(
    'abort apply cancel check completion confirm console convert diff doctor explain forget history keys list plan provision push remove report rollback rollout schema service status test watch worker'.split(
      ' ',
    ),
  );
  for (const name of names) {
    const { status, stdout } = await fleetwall([name, '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: fleetwall ${name} `));
    expect((await fleetwall(['help', name])).stdout).toBe(stdout);
  }
  expect(await fleetwall(['nonsense'])).toMatchObject({ status: 2 });
  expect(await fleetwall(['push', '--nonsense'])).toMatchObject({ status: 2 });
});

it('what is quoted of a wrong command line moves no cursor', async () => {
  const odd = 'ba\u001b[2Jd';
  for (const args of [
    [odd],
    ['status', `--${odd}`],
    ['push', 'x', '--host', odd],
    ['cancel', odd],
    ['list', odd],
  ]) {
    const { status, stderr } = await fleetwall(args);
    expect({ args, status }).toEqual({ args, status: 2 });
    expect(stderr).toContain('\\x1b[2J');
    expect(stderr).not.toContain('\u001b');
  }
});
