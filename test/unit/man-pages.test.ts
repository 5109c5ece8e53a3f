import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { manPage, shownSubcommands } from '../../src/cli/man-page.ts';
import { makeProgram } from '../../src/cli/program.ts';

const run = promisify(execFile);
const program = await makeProgram(
  () => true,
  () => {},
);
const pages = [program, ...shownSubcommands(program)];
let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'fleetwall-man-'))));
afterAll(async () => await rm(folder, { recursive: true }));

const fileOf = (name: string) => join(folder, name === 'fleetwall' ? 'fleetwall.1' : `fleetwall-${name}.1`);

describe('the pages of the manual', () => {
  beforeAll(async () => {
    for (const command of pages) {
      const page = manPage(command, ['fleetwall'], { version: '1.2.3', date: new Date(0) });
      await writeFile(fileOf(command.name()), page);
    }
  });

  it('are named in package.json, one for each command of the help', async () => {
    const text = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
    const { man } = JSON.parse(text) as { man: string[] };
    const shown = COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => `fleetwall-${name}`);
    expect(man.toSorted()).toEqual(['fleetwall', ...shown].map((name) => `./dist/man/${name}.1`).toSorted());
  });

  it('are such that neither mandoc nor groff has a word to say', async () => {
    const files = pages.map((command) => fileOf(command.name()));
    // It ends with a status of its own where it has something to say.
    await expect(run('mandoc', ['-T', 'lint', '-W', 'warning', ...files])).resolves.toMatchObject({
      stdout: '',
      stderr: '',
    });
    for (const file of files) {
      const { stderr } = await run('man', ['--warnings', '--local-file', file], {
        env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '100' },
      });
      expect(stderr, file).toBe('');
    }
  });

  it('tell of each option and argument what the help tells', async () => {
    for (const command of pages) {
      const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '100' };
      const { stdout } = await run('man', ['--no-hyphenation', '--local-file', fileOf(command.name())], {
        env,
      });
      const shown = plain(stdout);
      for (const each of [
        command,
        ...command.commands.filter((sub) => command !== program && sub.name() !== 'help'),
      ]) {
        const help = each.createHelp();
        for (const option of help.visibleOptions(each)) {
          expect(shown).toContain(plain(option.flags));
          expect(shown.toLowerCase()).toContain(plain(help.optionDescription(option)).toLowerCase());
        }
        for (const argument of help.visibleArguments(each))
          expect(shown.toLowerCase()).toContain(plain(help.argumentDescription(argument)).toLowerCase());
      }
    }
  });

  it('show the examples as they are typed', async () => {
    const { stdout } = await run('man', ['--local-file', fileOf('push')], {
      env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '200' },
    });
    expect(stdout).toContain('$ fleetwall push edge.yaml --host web-1 --host web-2\n');
    expect(stdout).toContain('# what would it change on every host?\n');
  });
});

/** Without what makes lines and letters bold. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- that is how a terminal is told
  return text.replace(/\u001b\[[\d;]*m|.\u0008/g, '').replace(/\s+/g, ' ');
}
