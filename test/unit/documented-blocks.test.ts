import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { blocksOf } from '../support/document-blocks.ts';
import { markdownFiles, ROOT, repositoryFiles } from '../support/documents.ts';
import { NOT_RUN } from '../support/documents-not-run.ts';

/** A block is known by its page and its first line. */
const nameOf = (page: string, first: string) => `${page}: ${first}`;
/** Blocks that a test takes from the page and runs. */
const TAKEN = /documentedBlock\(\s*(?:'([^']+)'|PAGE|page),\s*(['`])([^\n]*?)\2,?\s*\)/g;

let blocks: Set<string>;
let taken: Set<string>;
beforeAll(async () => {
  const pages = (await markdownFiles()).filter(({ path }) => path !== 'CHANGELOG.md');
  const all = pages.flatMap(({ path, text }) => blocksOf(path, text));
  blocks = new Set(all.map(({ page, first }) => nameOf(page, first)));
  expect(all.length).toBeGreaterThan(50);
  // Else a test would not know which of two it has run.
  expect(blocks.size).toBe(all.length);
  const tests = (await repositoryFiles()).filter((path) =>
    /^test\/(integration|package|image)\/.*\.ts$/.test(path),
  );
  const texts = await Promise.all(tests.map(async (path) => await readFile(join(ROOT, path), 'utf8')));
  taken = new Set(texts.flatMap(takenIn));
});

function takenIn(text: string): string[] {
  const [, ownPage = ''] = /^\s*const (?:PAGE|page) = '([^']+)';$/m.exec(text) ?? [];
  return [...text.matchAll(TAKEN)].map(([, page, , first = '']) =>
    nameOf(page ?? ownPage, first.replaceAll('\\\\', '\\')),
  );
}

it('each block of commands in the documents is run by a test as it stands, or there is a reason why not', () => {
  const known = new Set([...taken, ...Object.keys(NOT_RUN)]);
  expect([...blocks].filter((block) => !known.has(block))).toEqual([]);
});

it('nothing is said of blocks that are not there, or that are run', () => {
  expect([...taken, ...Object.keys(NOT_RUN)].filter((block) => !blocks.has(block))).toEqual([]);
  expect(Object.keys(NOT_RUN).filter((block) => taken.has(block))).toEqual([]);
});
