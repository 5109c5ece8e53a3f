import { nearestName, suggestion } from '../../central/messages/names.ts';
import type { FailedLine } from '../../contract/events/failure.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import { builtInChains, TABLE_NAMES } from '../../ruleset/tables.ts';
import { toBytes } from '../../ruleset/text/bytes.ts';
import { jumpOf } from '../../ruleset/text/jump-of.ts';
import { matchNames, PROTOCOL_NAMES, targetNames } from '../../ruleset/text/known-names.ts';
import { matchOptions, targetOptions } from '../../ruleset/text/option-table.ts';
import { optionNamesFor, type RuleOption } from '../../ruleset/text/read-options.ts';
import { SentCommand } from '../../ruleset/text/sent-text.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';

/** What iptables says of a rule for a chain that is not there: it does not name it. */
const NAMELESS = /No chain\/target\/match by that name|iptables gave no reason/;
const COUNTERS = /^\[\d+:\d+\]/;
const MADE_CHAIN = /^(?::|(?:\[\d+:\d+\])?(?:-N|--new-chain)[ \t]+)([^ \t]+)/;

/** A name of which a reason complains, and what could stand in its place. */
interface Doubt {
  name: string;
  known: readonly string[];
  /** What stands before a name of this kind. */
  dashes?: string;
}

/** What was found for a file: thousands of hosts may say the same of one line. */
const found = new WeakMap<RulesetFile, Map<string, string>>();

/**
 * `: did you mean ACCEPT?`, or nothing. There has to be a name in the line that is not known, of which the reason complains, and a near one
 * that is there for sure: a chain of the text, one of the kernel's own, or what iptables has itself. Of other chains of hosts, nothing is known here.
 */
export function meantName({ family, line, reason }: FailedLine, file: RulesetFile): string {
  const known = found.get(file) ?? new Map<string, string>();
  found.set(file, known);
  const key = `${family} ${line} ${reason}`;
  const meant =
    known.get(key) ?? lookFor(toBytes(file.ruleset[family] ?? '').split('\n'), family, line, reason);
  known.set(key, meant);
  return meant;
}

function lookFor(lines: readonly string[], family: Family, line: number, reason: string): string {
  const written = lines[line - 1] ?? '';
  if (written.startsWith('*')) {
    const name = tableOf(written);
    return TABLE_NAMES.includes(name) ? '' : suggestion(name, TABLE_NAMES);
  }
  if (/^[:#]/.test(written)) return '';
  const begin = lines.findLastIndex((each, index) => index < line && each.startsWith('*'));
  const next = lines.findIndex((each, index) => index >= line && each.startsWith('*'));
  const declared = lines
    .slice(begin + 1, next === -1 ? undefined : next)
    .flatMap((each) => MADE_CHAIN.exec(each)?.[1] ?? []);
  const command = new SentCommand(line, written.replace(COUNTERS, ''), family);
  const place = { family, declared, builtIn: builtInChains(tableOf(lines[begin] ?? '')) };
  const doubt = findDoubt(command, place, reason);
  if (doubt === null) return '';
  const { name, known, dashes = '' } = doubt;
  const nearest = nearestName(name, known);
  return nearest === null ? '' : `: did you mean ${dashes}${nearest}?`;
}

interface Place {
  family: Family;
  /** The chains that this table of the text makes. */
  declared: readonly string[];
  builtIn: readonly string[];
}

/** The first name that is not known, if it is that of which the reason complains. */
function findDoubt({ words, reading }: SentCommand, place: Place, reason: string): Doubt | null {
  const { options, unknown } = reading;
  const option = unknown.find((each) => each.startsWith('--') && reason.includes(`"${each}"`));
  if (option !== undefined) return { name: option.slice(2), known: optionNamesFor(words), dashes: '--' };
  const match = valuesOf('m', options).find((name) => matchOptions(name) === undefined);
  if (match !== undefined)
    return reason.includes(match) ? { name: match, known: matchNames(place.family) } : null;
  const [protocol] = valuesOf('p', options);
  if (protocol !== undefined && reason.includes(`unknown protocol "${protocol}"`))
    return { name: protocol, known: PROTOCOL_NAMES };
  return doubtOfTarget(options, place, reason) ?? doubtOfChain(options, place, reason);
}

function doubtOfTarget(
  options: readonly RuleOption[],
  { declared, family }: Place,
  reason: string,
): Doubt | null {
  const jump = jumpOf(options);
  if (jump === null || declared.includes(jump.target) || !reason.includes(jump.target)) return null;
  const targets = jump.isGoto ? [] : targetNames(family);
  if (targets.includes(jump.target) || targetOptions(jump.target) !== undefined) return null;
  return { name: jump.target, known: [...declared, ...targets] };
}

function doubtOfChain(
  options: readonly RuleOption[],
  { declared, builtIn }: Place,
  reason: string,
): Doubt | null {
  const [chain] = [...valuesOf('A', options), ...valuesOf('I', options)];
  const known = [...declared, ...builtIn];
  if (chain === undefined || known.includes(chain)) return null;
  return reason.includes(`chain ${chain} `) || NAMELESS.test(reason) ? { name: chain, known } : null;
}

function tableOf(line: string): string {
  return /^\*([^ \t]*)/.exec(line)?.[1] ?? '';
}

function valuesOf(letter: string, options: readonly RuleOption[]): string[] {
  return options.flatMap(({ owner, name, values: [value] }) =>
    owner === 'iptables' && name === letter && value !== undefined ? [value] : [],
  );
}
