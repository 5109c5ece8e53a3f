import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export const ROOT = join(import.meta.dirname, '../..');

/** A Markdown file of the repository, and what can be held against something else in it. */
export interface MarkdownFile {
  /** From the root of the repository. */
  path: string;
  text: string;
  headings: string[];
  /** In its prose: `[text](target)`. */
  links: string[];
  /** What stands in backticks in its prose. */
  spans: string[];
  /** The lines of its code blocks, with a line that goes on after a backslash as one. */
  code: string[];
}

const BLOCK = /^```.*\n([^]*?)^```$/gm;

export async function markdownFiles(): Promise<MarkdownFile[]> {
  const paths = (await repositoryFiles()).filter((path) => path.endsWith('.md'));
  return await Promise.all(paths.map(markdownFile));
}

export async function markdownFile(path: string): Promise<MarkdownFile> {
  const text = await readFile(join(ROOT, path), 'utf8');
  const prose = text.replace(BLOCK, '');
  const code = [...text.matchAll(BLOCK)].map(([, block = '']) => block.replace(/\\\n\s*/g, ''));
  return {
    path,
    text,
    headings: [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading),
    links: [...prose.replace(/`[^`]+`/g, '').matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    ),
    // One that is wrapped is the same with a blank; an empty line ends a paragraph, and with it what is in it.
    spans: prose
      .split(/\n\n/)
      .flatMap((part) => [...part.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '))),
    code: code.flatMap((block) => block.split('\n')),
  };
}

/** Files that git knows or would take, from the root of the repository. */
export async function repositoryFiles(): Promise<string[]> {
  const list = async (...args: string[]) =>
    (await execa('git', ['ls-files', ...args], { cwd: ROOT, lines: true })).stdout;
  const removed = new Set(await list('--deleted'));
  return (await list('--cached', '--others', '--exclude-standard')).filter((path) => !removed.has(path));
}

/** What GitHub makes of the headings of a page: two that are alike are told apart by a number. */
export function anchorsOf(headings: readonly string[]): Set<string> {
  const anchors = new Set<string>();
  for (const heading of headings) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = shown.replace(/[^\p{L}\p{M}\p{N}_\- ]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The first table under a heading: the cells of each row, without the head. */
export function tableUnder(heading: string, { text, path }: MarkdownFile): string[][] {
  const [, section = ''] = text.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [table] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  if (table === undefined) throw new Error(`${path} has no table under "${heading}"`);
  const rows = table.trimEnd().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
