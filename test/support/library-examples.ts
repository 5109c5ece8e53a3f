import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownFile, ROOT } from './documents.ts';

/** A piece of code that shows how the library is used, and what it says that it prints. */
export interface Example {
  /** Where it stands. */
  name: string;
  code: string;
  /** A line each. */
  prints: string[];
}

interface ApiItem {
  kind: string;
  name?: string;
  docComment?: string;
  members?: ApiItem[];
}

const BLOCK = /^```ts\n([^]*?)^```$/gm;
const CALLED = new Set(['Method', 'MethodSignature', 'Function']);

/** The examples in the comments of all that the package exports, and the names of what can be called and has none. */
export async function commentedExamples(): Promise<{ examples: Example[]; lacking: string[] }> {
  const text = await readFile(join(ROOT, 'dist-docs/fleetwall.api.json'), 'utf8');
  const examples: Example[] = [];
  const lacking: string[] = [];
  const visit = ({ kind, name = '', docComment = '', members = [] }: ApiItem, path: string) => {
    const own = [path, name].filter((part) => part !== '').join('.');
    const [, ...shown] = docComment.replace(/^ *\* ?/gm, '').split(/^@example$/m);
    const found = shown.flatMap((part) => examplesIn(part, own));
    if (CALLED.has(kind) && found.length === 0) lacking.push(own);
    examples.push(...found);
    for (const member of members) visit(member, own);
  };
  for (const { members = [] } of (JSON.parse(text) as ApiItem).members ?? [])
    for (const member of members) visit(member, '');
  return { examples, lacking };
}

/** The TypeScript of a page. */
export async function pageExamples(path: string): Promise<Example[]> {
  return examplesIn((await markdownFile(path)).text, path);
}

function examplesIn(text: string, name: string): Example[] {
  return [...text.matchAll(BLOCK)].map(([, code = ''], index) => ({
    name: index === 0 ? name : `${name}, ${index + 1}`,
    code,
    prints: [...code.matchAll(/\bconsole\.log\(.*\); \/\/ (.+)$/gm)].map(([, printed = '']) => printed),
  }));
}
