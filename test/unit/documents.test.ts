import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_SETTING_NAMES } from '../../src/config/client-settings.ts';
import { environmentName, SETTING_NAMES } from '../../src/config/worker-settings.ts';
import { commandLines, loadCommands, variablesOf, whyNoCommand } from '../support/command-lines.ts';
import { anchorsOf, type MarkdownFile, markdownFiles, ROOT, repositoryFiles } from '../support/documents.ts';

const README_BYTES = 12_288;
/** What it tells of was so once, and need not be any more. */
const HISTORY = 'CHANGELOG.md';

let all: MarkdownFile[];
let present: MarkdownFile[];
let files: Set<string>;
beforeAll(async () => {
  all = await markdownFiles();
  present = all.filter(({ path }) => path !== HISTORY);
  const paths = await repositoryFiles();
  files = new Set(paths.flatMap((path) => [path, ...foldersOf(path)]));
});

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)];
}

/** What is wrong in each document, as `PATH: WHAT`: all of it is told at once. */
async function problems(
  documents: readonly MarkdownFile[],
  find: (document: MarkdownFile) => Promise<string[]> | string[],
): Promise<string[]> {
  const found = await Promise.all(
    documents.map(async (document) =>
      (await find(document)).map((problem) => `${document.path}: ${problem}`),
    ),
  );
  return found.flat();
}

describe('the documents', () => {
  it('link to files and headings that are there', async () => {
    const headings = new Map(all.map((document) => [document.path, anchorsOf(document.headings)]));
    const isBroken = (from: string, target: string) => {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? from : normalize(join(dirname(from), file)).replace(/\/$/, '');
      return !files.has(path) || (anchor !== undefined && headings.get(path)?.has(anchor) !== true);
    };
    expect(headings.size).toBeGreaterThan(8);
    expect(
      await problems(all, ({ path, links }) =>
        links.filter((target) => !/^[a-z]+:/.test(target)).filter((target) => isBroken(path, target)),
      ),
    ).toEqual([]);
  });

  it('have no marks of a merge that was left in the middle', async () => {
    const marks = /^(?:<{7}|={7}|>{7}|(?:> ){7}|\| =======)/gm;
    expect(await problems(all, ({ text }) => [...(text.match(marks) ?? [])])).toEqual([]);
  });

  it('name files of the repository that are there', async () => {
    const named = ({ spans, code }: MarkdownFile) => [
      ...spans.flatMap((span) => /^(?:src|test|docker|\.ci|\.github)\/[\w./-]*$/.exec(span) ?? []),
      ...code.flatMap((line) => line.match(/(?<![\w./-])(?:src|test|docker)\/[\w./-]+/g) ?? []),
    ];
    const isThere = (path: string) => files.has(path.replace(/[/.]$/, ''));
    // In capitals it is a word for any.
    expect(
      await problems(present, (document) =>
        named(document).filter((path) => !isThere(path) && !/\bNAME\b/.test(path)),
      ),
    ).toEqual([]);
  });

  it('name commands that are there, with flags that they have', async () => {
    const commands = await loadCommands();
    const lines = present.flatMap(commandLines);
    expect(lines.length).toBeGreaterThan(60);
    expect(new Set(lines.map(([name]) => name))).toContain('rollout');
    expect(
      await problems(present, (document) =>
        commandLines(document).flatMap((words) => {
          const why = whyNoCommand(words, commands);
          return why === null ? [] : [`${words.join(' ')}: ${why}`];
        }),
      ),
    ).toEqual([]);
  });

  it('name variables that are read', async () => {
    const read = new Set([
      ...SETTING_NAMES.map(environmentName),
      ...CLIENT_SETTING_NAMES.map(environmentName),
      ...variablesOf(await loadCommands()),
    ]);
    const tests = [...files].filter((path) => /^test\/.*(\.[mt]s|\/run)$/.test(path));
    const sources = await Promise.all(tests.map(async (path) => await readFile(join(ROOT, path), 'utf8')));
    const inTests = new Set(
      sources.flatMap((text) => text.match(/(?<=process\.env\['|\$\{)FLEETWALL_\w+/g) ?? []),
    );
    expect(
      await problems(present, ({ path, text }) =>
        (text.match(/FLEETWALL_[A-Z_]*[A-Z]/g) ?? []).filter(
          (name) => !read.has(name) && !(path.startsWith('test/') && inTests.has(name)),
        ),
      ),
    ).toEqual([]);
  });

  it('name scripts that package.json has', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(
      await problems(present, ({ text }) =>
        [...text.matchAll(/npm run ([a-z][\w:-]*)/g)]
          .map(([, name = '']) => name)
          .filter((name) => !(name in scripts)),
      ),
    ).toEqual([]);
  });

  it('begin with one that is read in some minutes', () => {
    const readme = all.find(({ path }) => path === 'README.md');
    expect(Buffer.byteLength(readme?.text ?? '')).toBeLessThanOrEqual(README_BYTES);
    expect(readme?.text).toContain('\n## License\n');
  });
});
