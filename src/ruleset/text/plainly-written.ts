import { BASE_OPTIONS, EXTENSION_TABLES } from './option-table.ts';

/** Options with two names, and the name that is used here, as by iptables-save. */
const SAME: Readonly<Record<string, string>> = {
  syn: 'tcp-flags',
  'source-port': 'sport',
  'destination-port': 'dport',
};

/** Returns the one name of an option that has two. */
export function onlyName(name: string): string {
  return Object.hasOwn(SAME, name) ? (SAME[name] ?? name) : name;
}

/** Words in quotes that are as they look, and cannot be options or `!`. */
const QUOTED = /(?<=[ \t])"(?![-!])[^"\\]*"(?=[ \t]|$)/g;
/** What ends the name of an option. */
const END = /[ \t\n=]|$/g;

/** Options of which iptables-save may print another value; and values, with what ends them, which it prints as they are. */
const PRINTED: ReadonlyMap<string, RegExp> = new Map([
  ['icmp-type', /[ =](?:[a-z][a-z-]*|(?!255\/)(?:0|[1-9]\d*)(?:\/\d+)?)(?: |$)/y],
  ['icmpv6-type', /[ =](?:[a-z][a-z-]*|(?:0|[1-9]\d*)(?:\/\d+)?)(?: |$)/y],
  ['connbytes', /[ =]\d+(?::[1-9]\d*)?(?: |$)/y],
  ['tcp-flags', /[ =](?!NONE)[A-Z][A-Z,]* /y],
]);

/**
 * Says of a rule, at a glance, that iptables-save loses nothing of it: it has no negation, each option of a match is there once and
 * in full, and has a value that is printed. Nearly all rules are so, and there may be 100,000 of them. Of any other rule this says
 * nothing: its options must be read one by one.
 *
 * @param sent the rule as it was sent
 */
export function isPlainlyWritten(sent: string): boolean {
  const bare = sent.includes('"') ? sent.replace(QUOTED, '') : sent;
  if (bare.includes('"') || bare.includes('!')) return false;
  const names: string[] = [];
  for (let end = 0, at = bare.indexOf('--'); at !== -1; at = bare.indexOf('--', end)) {
    END.lastIndex = at;
    end = END.exec(bare)?.index ?? bare.length;
    const name = bare.slice(at + 2, end);
    if (!FULL_NAMES.has(name) || !isPrinted(name, bare, end) || mayBeOneOf(names, name)) return false;
    names.push(name);
  }
  return true;
}

/** @param end where the name ends in the text */
function isPrinted(name: string, text: string, end: number): boolean {
  const value = PRINTED.get(name);
  if (value === undefined) return true;
  value.lastIndex = end;
  return value.test(text);
}

/** Says whether an option may be one that is there already, by another name or shortened. */
function mayBeOneOf(names: readonly string[], name: string): boolean {
  if (names.length === 0) return false;
  const only = onlyName(name);
  return names.some(
    (other) =>
      onlyName(other) === only ||
      (other.startsWith(name) && !isAlwaysItself(name)) ||
      (name.startsWith(other) && !isAlwaysItself(other)),
  );
}

const FULL_NAMES = new Set([BASE_OPTIONS, ...EXTENSION_TABLES].flatMap((table) => [...table.keys()]));

/** A full name may be short for another one where the extension that has it is not named (`--dport` for `--dports`). */
function isAlwaysItself(name: string): boolean {
  const known = ITSELF.get(name);
  if (known !== undefined) return known;
  const is =
    BASE_OPTIONS.has(name) ||
    EXTENSION_TABLES.every(
      (table) => table.has(name) || [...table.keys()].filter((full) => full.startsWith(name)).length !== 1,
    );
  ITSELF.set(name, is);
  return is;
}

const ITSELF = new Map<string, boolean>();
