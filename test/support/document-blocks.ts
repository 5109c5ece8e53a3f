import { markdownFile } from './documents.ts';

/** A block of commands, as a page has it. */
export interface DocumentBlock {
  page: string;
  /** The first line. A page has no two blocks that begin alike. */
  first: string;
  text: string;
}

const BLOCK = /^```(?:sh)?\n([^]*?)^```$/gm;

/** The blocks of a page that have commands: those of another language (`text`, `json`, …) are none. */
export function blocksOf(page: string, text: string): DocumentBlock[] {
  return [...withoutOthers(text).matchAll(BLOCK)].map(([, block = '']) => ({
    page,
    first: block.split('\n', 1)[0] ?? '',
    text: block,
  }));
}

/** A closing fence looks like one that opens a block without a language. */
function withoutOthers(text: string): string {
  return text.replace(/^```(?!sh$)\S+\n[^]*?^```$/gm, '');
}

/**
 * The block of a page that begins with this line: a test that runs it takes it from here, and so runs what stands there.
 * `test/unit/documented-blocks.test.ts` looks for calls of this function, to know which blocks are run.
 */
export async function documentedBlock(page: string, first: string): Promise<string> {
  const { text } = await markdownFile(page);
  const found = blocksOf(page, text).filter((block) => block.first === first);
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks that begin with "${first}"`);
  return found[0]?.text ?? '';
}

/**
 * What is typed of a block: with a prompt on some line, the lines that have it, and those that go on after a backslash; without
 * one, all of it.
 */
export function commandsIn(block: string): string {
  const joined = block.replace(/\\\n\s*/g, '');
  const typed = joined.split('\n').filter((line) => line.startsWith('$ '));
  return typed.length === 0 ? joined : typed.map((line) => line.slice(2)).join('\n');
}

/** What a block says is in a file: what stands under `$ cat FILE`, up to the next prompt. */
export function fileShownIn(block: string, file: string): string {
  const [, text] = block.split(`$ cat ${file}\n`);
  if (text === undefined) throw new Error(`the block does not show ${file}`);
  return text.replace(/^\$ [^]*/m, '');
}
