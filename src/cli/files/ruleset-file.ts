import type * as z from 'zod';
import { suggestion } from '../../central/messages/names.ts';
import { WrittenRuleset } from '../../contract/jobs/job.ts';
import { TEST_FIELDS } from '../../contract/jobs/ruleset-test.ts';
import { describeIssue, IN_WORDS } from '../../contract/words/describe-issue.ts';
import { type Family, RulesetName, type Scope } from '../../contract/words/identifiers.ts';
import type { LocalRuleset } from '../../worker/local/run-locally.ts';
import { FileError, FileProblem } from './file-error.ts';
import type { LinePlace, PlaceOf } from './line-place.ts';
import { readInputText } from './read-input.ts';
import { readYamlFile } from './yaml-file.ts';

/** A ruleset as it stands in a file, and where in the file each line of its texts is. */
export interface RulesetFile {
  /** As it was named on the command line. */
  path: string;
  /** Whether the file is a mapping, of YAML or JSON, or the text of one family. */
  form: 'mapping' | Family;
  ruleset: LocalRuleset;
  placeOf: PlaceOf;
  /** The line of each test, by its name. */
  tests: ReadonlyMap<string, number>;
}

/** What the command line says of a ruleset; over what the file says. */
export interface RulesetOptions {
  name?: string | undefined;
  revision?: number | 'next' | undefined;
  scope?: Scope | undefined;
  family?: Family | undefined;
  /** Where neither the command line, nor the file, nor its name says one. */
  fallbackName?: string | undefined;
}

const LocalRuleset = WrittenRuleset.omit({ both: true }).extend({ name: RulesetName });
const FIELDS = Object.keys(WrittenRuleset.shape);

/**
 * Reads a job's `ruleset` as YAML or JSON, or plain `iptables-save` text; `-` is standard input.
 *
 * @throws {FileError} if it cannot be read; its problems begin with the file's name and line
 */
export async function readRulesetFile(path: string, options: RulesetOptions): Promise<RulesetFile> {
  const text = await readInputText(path);
  const { family = 'ipv4', name, scope, fallbackName } = options;
  const revision = options.revision === 'next' ? undefined : options.revision;
  const given = { name, scope, revision };
  const isPlain = /^(?:\s*(?:#.*)?\n)*\*[ \t]*\w/.test(text) || text.trim() === '';
  const { values, placeOf, lineOf } = isPlain
    ? { values: { [family]: text }, placeOf: asItStands, lineOf: () => 1 }
    : readYamlFile(path, text);
  const named = { name: nameFrom(path) ?? fallbackName, ...values, ...withoutUndefined(given) };
  const read = LocalRuleset.safeParse(named, IN_WORDS);
  if (read.success) {
    const tests = new Map(
      (read.data.tests ?? []).map((test, index) => [test.name, lineOf(['tests', index])]),
    );
    return { path, form: isPlain ? family : 'mapping', ruleset: read.data, placeOf, tests };
  }
  const problems = read.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(
        (key) => new FileProblem(path, lineOf([...issue.path, key]), sayUnknown(key, issue.path)),
      );
    const key = String(issue.path[0] ?? '');
    if (key === 'name' && named.name === undefined) {
      return new FileProblem(path, 1, 'the ruleset has no name: give it with --name');
    }
    return new FileProblem(path, lineOf(issue.path), `${describeIssue(issue)}${suggestValue(issue)}`);
  });
  throw new FileError(problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0)));
}

/** A field that there is not, of the ruleset or of one of its tests. */
function sayUnknown(key: string, path: readonly PropertyKey[]): string {
  if (path.length === 0) return `there is no field ${key}${meantBy(key)}`;
  return `${path.join('.')}: there is no field ${key}${suggestion(key, TEST_FIELDS)}`;
}

/** What is asked for with each push is no part of the ruleset. */
function meantBy(key: string): string {
  return key === 'confirm'
    ? ': --confirm and --confirm-timeout on the command line say that'
    : suggestion(key, FIELDS);
}

/** Of a field that has to be one of a few words. */
function suggestValue(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_value' && typeof issue.input === 'string'
    ? suggestion(issue.input, issue.values.map(String))
    : '';
}

/** A file that is one text. */
function asItStands(_: Family, line: number): LinePlace {
  return { line, isExact: true };
}

/** `/etc/rules/edge.rules` is ruleset `edge`, unless it is said otherwise. */
function nameFrom(path: string): string | undefined {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '');
  return path !== '-' && RulesetName.safeParse(base).success ? base : undefined;
}

function withoutUndefined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
