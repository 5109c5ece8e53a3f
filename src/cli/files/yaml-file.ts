import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLError,
} from 'yaml';
import { FAMILIES } from '../../contract/words/identifiers.ts';
import { FileError, FileProblem } from './file-error.ts';
import type { LinePlace, PlaceOf } from './line-place.ts';
import { mergeTexts } from './merge-texts.ts';

/** What is wrong with a file as a whole is told at its beginning. */
const NOWHERE: LinePlace = { line: 1, isExact: false };

export interface YamlFile {
  values: Record<string, unknown>;
  /** Where the field stands that a path of keys and indices leads to, or the nearest that is there. */
  lineOf: (path: readonly PropertyKey[]) => number;
  placeOf: PlaceOf;
}

/**
 * Reads a mapping from YAML, or JSON, which is a part of it.
 *
 * @throws {FileError} with every error of its syntax
 */
export function readYamlFile(path: string, text: string): YamlFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: true });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  if (document.errors.length > 0) {
    // One slip may have several errors in its line: the first says most.
    const lines = new Map(document.errors.toReversed().map((error) => [lineAt(error.pos[0]), error]));
    const inOrder = [...lines].toSorted(([one], [other]) => one - other);
    throw new FileError(inOrder.map(([line, error]) => new FileProblem(path, line, sayError(error))));
  }
  const { contents } = document;
  if (!isMap(contents)) {
    const reason =
      'is neither iptables-save text, which begins with a line such as *filter, nor a ruleset in YAML or JSON';
    throw new FileError([new FileProblem(path, 1, reason)]);
  }
  const pairOf = (key: string) => contents.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
  const { both, ...values } = toValues(path, document);
  const texts = new Map(FAMILIES.map((family) => [family, placesIn(pairOf(family), lineAt)]));
  if (typeof both === 'string') {
    const shared = placesIn(pairOf('both'), lineAt);
    for (const family of FAMILIES) {
      const own = texts.get(family) ?? (() => NOWHERE);
      const merged = mergeTexts(both, textOf(values[family]));
      values[family] = merged.map(({ text: line }) => `${line}\n`).join('');
      texts.set(family, (line) => {
        const at = merged[line - 1];
        return at === undefined ? NOWHERE : (at.from === 'both' ? shared : own)(at.line);
      });
    }
  }
  return {
    values,
    lineOf: (keys) => lineOfPath(contents, keys, lineAt),
    placeOf: (family, line) => texts.get(family)?.(line) ?? NOWHERE,
  };
}

/** What the parser says, with its own picture of the place below. */
function sayError({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'there is a second document here: a file has one ruleset';
  const [head = '', ...picture] = message.split('\n').filter((line) => line.trim() !== '');
  const what = head.replace(/ at line \d+, column \d+:?$/, '');
  return [`is not YAML: ${what}`, ...picture.map((line) => `    ${line}`)].join('\n');
}

/** @throws {FileError} if aliases would make more of it than anybody means */
function toValues(path: string, document: Document): Record<string, unknown> {
  try {
    return document.toJS() as Record<string, unknown>;
  } catch (error) {
    throw new FileError([new FileProblem(path, 1, `cannot be read: ${(error as Error).message}`)]);
  }
}

function lineOfPath(
  contents: unknown,
  path: readonly PropertyKey[],
  lineAt: (offset: number) => number,
): number {
  let node = contents;
  let line = 1;
  for (const step of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
    const found = pair?.key ?? (isSeq(node) ? node.items[Number(step)] : undefined);
    if (!isNode(found) || found.range == null) return line;
    line = lineAt(found.range[0]);
    node = pair === undefined ? found : pair.value;
  }
  return line;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A text in `|` form has a line of the file for each of its own; in quotes all of it counts as where it begins. */
function placesIn(pair: Pair | undefined, lineAt: (offset: number) => number): (line: number) => LinePlace {
  const { value } = pair ?? {};
  const start = startOf(value, lineAt);
  const isLiteral = isScalar(value) && value.type === Scalar.BLOCK_LITERAL;
  return (line) => ({ line: isLiteral ? start + line : start, isExact: isLiteral });
}

function startOf(node: unknown, lineAt: (offset: number) => number): number {
  return isScalar(node) && node.range != null ? lineAt(node.range[0]) : 1;
}
