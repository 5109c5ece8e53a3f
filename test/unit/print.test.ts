import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { print, printAside, printJson } from '../../src/cli/terminal/print.ts';

const CLI = join(import.meta.dirname, '../../src/cli');
/** Moves the cursor, sets the title, hides, turns the direction; C1 and invisible characters. */
const HOSTILE = 'a\u001b[2Ab\u001b]0;title\u0007c\u001b[8md\u009b2Je\u202ef\u200bg\rh';
const SHOWN = String.raw`a\x1b[2Ab\x1b]0;title\x07c\x1b[8md\x9b2Je\u202ef\u200bg\rh`;

afterEach(() => vi.restoreAllMocks());

function written(stream: NodeJS.WriteStream, work: () => void): string {
  const write = vi.spyOn(stream, 'write').mockReturnValue(true);
  work();
  return write.mock.calls.map(([text]) => String(text)).join('');
}

describe('what is printed', () => {
  it('carries no control characters but line feeds, tabs and our own colours', () => {
    const own = '\u001b[32mgreen\u001b[39m\tx\n';
    expect(written(process.stdout, () => print(`${own}${HOSTILE}\n`))).toBe(`${own}${SHOWN}\n`);
    expect(written(process.stderr, () => printAside(HOSTILE))).toBe(SHOWN);
  });

  it('is the same JSON, without such characters', () => {
    const line = written(process.stdout, () => printJson({ text: HOSTILE }));
    expect(line).toMatch(/^[\u0020-\u007e]+\n$/);
    expect(JSON.parse(line)).toEqual({ text: HOSTILE });
  });

  it('goes this one way', async () => {
    const files = (await readdir(CLI, { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('terminal/'),
    );
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const text = await readFile(join(CLI, file), 'utf8');
      expect(text, file).not.toMatch(/std(?:out|err)\.write|console\.(?:log|error)/);
    }
  });
});
