import { isMap, isScalar, LineCounter, type Pair, parseDocument, Scalar } from 'yaml';
import { FAMILIES, type Family } from '../../contract/identifiers.ts';
import { FileError, FileProblem } from './file-error.ts';
import { mergeTexts } from './merge-texts.ts';

export interface YamlFile {
  values: Record<string, unknown>;
  lineOfKey: (key: string) => number;
  lineOf: (family: Family, line: number) => number;
}

/**
 * Reads a mapping from YAML, or JSON, which is a part of it.
 *
 * @throws {FileError} with every error of its syntax
 */
export function readYamlFile(path: string, text: string): YamlFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      ({ pos, message }) => new FileProblem(path, lineAt(pos[0]), message),
    );
    throw new FileError(problems);
  }
  const { contents } = document;
  if (!isMap(contents)) {
    const reason =
      'is neither iptables-save text, which begins with a line such as *filter, nor a ruleset in YAML or JSON';
    throw new FileError([new FileProblem(path, 1, reason)]);
  }
  const pairOf = (key: string) => contents.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
  const { both, ...values } = document.toJS() as Record<string, unknown>;
  const texts = new Map(FAMILIES.map((family) => [family, textLines(pairOf(family), lineAt)]));
  if (typeof both === 'string') {
    const shared = textLines(pairOf('both'), lineAt);
    for (const family of FAMILIES) {
      const own = texts.get(family) ?? (() => 1);
      const merged = mergeTexts(both, textOf(values[family]));
      values[family] = merged.map(({ text: line }) => `${line}\n`).join('');
      texts.set(family, (line) => {
        const at = merged[line - 1];
        return at === undefined ? 1 : (at.from === 'both' ? shared : own)(at.line);
      });
    }
  }
  return {
    values,
    lineOfKey: (key) => startOf(pairOf(key)?.key, lineAt),
    lineOf: (family, line) => texts.get(family)?.(line) ?? 1,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A text in `|` form has a line of the file for each of its own; in quotes all of it counts as where it begins. */
function textLines(pair: Pair | undefined, lineAt: (offset: number) => number): (line: number) => number {
  const { value } = pair ?? {};
  const start = startOf(value, lineAt);
  const isLiteral = isScalar(value) && value.type === Scalar.BLOCK_LITERAL;
  return (line) => (isLiteral ? start + line : start);
}

function startOf(node: unknown, lineAt: (offset: number) => number): number {
  return isScalar(node) && node.range != null ? lineAt(node.range[0]) : 1;
}
