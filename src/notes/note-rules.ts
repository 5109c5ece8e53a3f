import type { Ruleset } from '../contract/jobs/job.ts';
import { FAMILIES, type Family } from '../contract/words/identifiers.ts';
import { readNetwork } from '../list/network.ts';
import type { Jump } from '../ruleset/model.ts';
import { toBytes } from '../ruleset/text/bytes.ts';
import { jumpOf } from '../ruleset/text/jump-of.ts';
import { commandsOf } from '../ruleset/text/lint-command.ts';
import type { RuleOption } from '../ruleset/text/read-options.ts';
import { isChain, readSentSteps, type SentCommand, type SentSection } from '../ruleset/text/sent-text.ts';
import { LINES_A_STEP, type Steps } from '../steps.ts';
import { type Taker, Takers, takeTheSame } from './cover.ts';
import { type Packets, readPackets } from './packets.ts';

/** What is probably a mistake in a rule that iptables takes. */
export interface Note {
  family: Family;
  /** From 1, in the text of that family. */
  line: number;
  /** The lines of earlier rules that take what this one would; none if the note is about the line alone. */
  earlier: readonly number[];
  /** What goes on "line 7 …". */
  text: string;
}

/** Under which number a person knows a line of the text of a family. */
export type NumberOf = (family: Family, line: number) => number;

/** A rule as the notes see it. */
interface NotedRule {
  line: number;
  verdict: string;
  packets: Packets[];
  /** Whether no later rule of the chain sees a packet that this one takes. */
  endsTheWay: boolean;
}

/** Longer texts are made by programs. To compare their rules would take longer than to apply them. */
const MOST_LINES = 20_000;
/**
 * Targets after which no later rule of the same chain sees the packet. Those of NAT end the way through its table
 * (iptables-extensions(8)); `RETURN` and `-g` leave the chain.
 */
const ENDS = new Set('ACCEPT DROP REJECT RETURN QUEUE SNAT DNAT MASQUERADE REDIRECT NETMAP'.split(' '));

/**
 * Finds rules that can never match since an earlier rule of their chain takes all that they would, and addresses that are none of the network
 * they are written as. Only what is certain from the text is told: an earlier rule counts only if it takes a packet each time.
 */
export function* noteRules(
  ruleset: Pick<Ruleset, 'ipv4' | 'ipv6'>,
  numberOf: NumberOf = (_, line) => line,
): Steps<Note[]> {
  const notes: Note[] = [];
  for (const family of FAMILIES) {
    const { sections } = yield* readSentSteps(toBytes(ruleset[family] ?? ''), family);
    const names = sections.map(({ table }) => table);
    if (sections.reduce((sum, { lines }) => sum + lines.length, 0) > MOST_LINES) continue;
    for (const section of sections) {
      // Of a table that comes twice it takes a restore to know what is in it.
      if (names.indexOf(section.table) !== names.lastIndexOf(section.table)) continue;
      for (const note of yield* noteSection(section, family, (line) => numberOf(family, line)))
        notes.push(note);
    }
  }
  return notes;
}

function* noteSection(
  { lines }: SentSection,
  family: Family,
  numberOf: (line: number) => number,
): Steps<Note[]> {
  const notes: Note[] = [];
  const chains = new Map<string, Takers<NotedRule>>();
  const mixed = chainsOfOtherCommands(lines.filter((line): line is SentCommand => !isChain(line)));
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (isChain(line)) continue;
    const [command] = commandsOf(line.reading.options);
    const [chain = ''] = command?.values ?? [];
    for (const text of noteAddresses(line)) notes.push({ family, line: line.line, earlier: [], text });
    if (command === undefined || mixed.has(chain)) continue;
    const takers = chains.get(chain) ?? new Takers();
    chains.set(chain, takers);
    const rule = readRule(line, family);
    const earlier = rule === null ? null : takenBefore(rule, takers);
    if (rule !== null && earlier !== null)
      notes.push({
        family,
        line: rule.line,
        earlier: linesOf(earlier),
        text: tell(rule, earlier, numberOf),
      });
  }
  return notes;
}

/** The rules that take all packets of this one before it; `null` if some come as far as this one. It is one of the takers for later rules. */
function takenBefore(rule: NotedRule, takers: Takers<NotedRule>): NotedRule[] | null {
  const first = rule.packets.map((one) => firstOf(takers.allThatTake(one)));
  if (rule.endsTheWay) for (const one of rule.packets) if (one.isSteady) takers.add({ packets: one, rule });
  const found = first.filter((one) => one !== null);
  return found.length === first.length ? found : null;
}

/** Chains whose rules do not stand in the order of their lines. */
function chainsOfOtherCommands(commands: readonly SentCommand[]): Set<string> {
  return new Set(
    commands.flatMap(({ reading }) => {
      const [command] = commandsOf(reading.options);
      return command === undefined || command.name === 'A' ? [] : (command.values[0] ?? []);
    }),
  );
}

function readRule({ line, reading }: SentCommand, family: Family): NotedRule | null {
  const { options, stray, unknown } = reading;
  const jump = jumpOf(options);
  const packets = readPackets(options, jump?.target ?? '', family);
  if (packets === null || stray.length > 0 || unknown.length > 0) return null;
  const endsTheWay = jump !== null && (jump.isGoto || ENDS.has(jump.target));
  return { line, verdict: verdictOf(options, jump), packets, endsTheWay };
}

function firstOf(takers: Iterable<Taker<NotedRule>>): NotedRule | null {
  let first: NotedRule | null = null;
  for (const { rule } of takers) if (first === null || rule.line < first.line) first = rule;
  return first;
}

function linesOf(rules: readonly NotedRule[]): number[] {
  return [...new Set(rules.map(({ line }) => line))].toSorted((a, b) => a - b);
}

function tell(rule: NotedRule, earlier: readonly NotedRule[], numberOf: (line: number) => number): string {
  const lines = linesOf(earlier);
  const [first] = earlier;
  if (first === undefined || lines.length > 1)
    return `can never match: lines ${lines.map(numberOf).join(', ')} take all of it before`;
  const name = `line ${numberOf(first.line)}`;
  if (first.packets.some(isAny))
    return `can never match: ${name} (${first.verdict}) takes every packet before`;
  const isSame =
    rule.packets.length === first.packets.length &&
    rule.packets.every((one) => first.packets.some((other) => takeTheSame(one, other)));
  if (!isSame) return `can never match: ${name} (${first.verdict}) takes all of it before`;
  if (rule.verdict === first.verdict) return `can never match: ${name} says the same before`;
  return `contradicts ${name} (${first.verdict}), which takes the same packets before: it can never match`;
}

function isAny({ source, destination, protocol, sourcePorts, destinationPorts, others }: Packets): boolean {
  return (
    [source, destination, protocol, sourcePorts, destinationPorts].every((one) => one === null) &&
    others.size === 0
  );
}

/** What a rule does, as iptables would print it. */
function verdictOf(options: readonly RuleOption[], jump: Jump | null): string {
  if (jump === null) return 'nothing';
  const own = options.filter(({ owner }) => owner === jump.target);
  const words = own.flatMap(({ name, values }) => [`--${name}`, ...values]);
  return [jump.isGoto ? '-g' : '-j', jump.target, ...words].join(' ');
}

function noteAddresses({ reading }: SentCommand): string[] {
  return reading.options
    .filter(({ owner, name }) => owner === 'iptables' && (name === 's' || name === 'd'))
    .flatMap(({ values }) => (values[0] ?? '').split(','))
    .flatMap((text) => {
      const read = readNetwork(text);
      if (typeof read === 'string' || read.isFirst) return [];
      return `${text} is no network, but an address in ${read.text}, which is what iptables makes of it`;
    });
}
