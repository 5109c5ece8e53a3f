import type { Family } from '../contract/identifiers.ts';
import type { Rule } from './model.ts';
import { isOption, type RuleOption, splitWords } from './options.ts';

/** What a LOG prefix and a comment may hold at most, in bytes: legacy cuts off the rest without a word. */
const LOG_PREFIX_BYTES = 29;
const COMMENT_BYTES = 255;

/**
 * What is wrong with a rule by itself, though iptables would take it and make something else of it.
 *
 * @param options the rule's
 */
export function lintRule({ spec }: Rule, options: readonly RuleOption[], family: Family): string[] {
  if (spec.includes('"') && splitWords(spec) === null) {
    return ['a quote is opened and never closed, and would swallow the rest of the rule: close it'];
  }
  if (/^\d/.test(spec)) return ['a position is not possible: write the rule without the number'];
  const reasons: string[] = [];
  for (const option of options) {
    const reason = lintOption(option, family);
    if (reason !== null) reasons.push(reason);
  }
  return reasons;
}

/** Options of nearly every rule, of which there is nothing to say here. */
const HARMLESS = new Set(['-j', '-g', '-p', '-m', '-i', '-o', '--dport', '--sport']);

function lintOption(option: RuleOption, family: Family): string | null {
  if (HARMLESS.has(option.name)) return null;
  if (isProgramOption(option)) {
    return `${option.name} is an option of the program and no part of a rule: leave it out`;
  }
  if (isAddressOption(option)) return lintAddress(option, family);
  if (option.name === '--log-prefix') return lintLength(option, LOG_PREFIX_BYTES);
  if (option.name === '--comment') return lintLength(option, COMMENT_BYTES);
  return null;
}

/** Commands and options of iptables that have a letter (iptables/xshared.h, OPTSTRING_COMMON). */
const PROGRAM_LETTER = /^-[ACDRILSMFZNXEPVhvwWntxc46]$/;
const PROGRAM_OPTIONS = [
  'append',
  'check',
  'delete',
  'delete-chain',
  'exact',
  'flush',
  'help',
  'insert',
  'ipv4',
  'ipv6',
  'line-numbers',
  'list',
  'list-rules',
  'modprobe',
  'new-chain',
  'numeric',
  'policy',
  'rename-chain',
  'replace',
  'set-counters',
  'table',
  'verbose',
  'version',
  'wait',
  'wait-interval',
  'zero',
].map((name) => `--${name}`);
/** Options of matches that happen to be the beginning of one: `-m recent --set`, `-m policy --pol`. */
const NOT_OF_THE_PROGRAM = new Set(['--set', '--pol']);

/**
 * An option that does not speak of the rule but to the program that reads it: `--modprobe` would run a program as
 * root, `-h` print help and take the rule for done. getopt takes any beginning of a long name, so all are refused.
 */
function isProgramOption({ name }: RuleOption): boolean {
  if (!name.startsWith('--')) return PROGRAM_LETTER.test(name);
  if (NOT_OF_THE_PROGRAM.has(name)) return false;
  return name.length > 2 && PROGRAM_OPTIONS.some((option) => option.startsWith(name));
}

function isAddressOption(option: RuleOption): boolean {
  return (
    isOption(option, '-s', '--source', 4) ||
    isOption(option, '-d', '--destination', 4) ||
    option.name === '--src' ||
    option.name === '--dst'
  );
}

function lintAddress({ name, value }: RuleOption, family: Family): string | null {
  if (value === null) return `${name} has no address`;
  if (value.includes(','))
    return `${name} with several addresses makes several rules of one: write one for each`;
  const [address = '', mask] = value.split('/', 2);
  const isAddress = family === 'ipv4' ? isIpv4(address) : isIpv6(address);
  if (!isAddress) {
    const kind = family === 'ipv4' ? 'IPv4' : 'IPv6';
    return `"${address}" is no ${kind} address: iptables would look it up in the DNS, write the address itself`;
  }
  if (mask === undefined || isMask(mask, family)) return null;
  return `"${mask}" is no mask of an address: write a number of bits or a mask such as 255.255.255.0`;
}

/** Shorter forms are taken as well: `10/8` is 10.0.0.0/8. */
function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){0,3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  return text.includes(':') && /^[0-9a-f:]+(\d{1,3}(\.\d{1,3}){3})?$/i.test(text);
}

function isMask(text: string, family: Family): boolean {
  if (/^\d+$/.test(text)) return Number(text) <= (family === 'ipv4' ? 32 : 128);
  return family === 'ipv4' ? /^\d{1,3}(\.\d{1,3}){3}$/.test(text) : isIpv6(text);
}

function lintLength({ name, value }: RuleOption, most: number): string | null {
  const bytes = new TextEncoder().encode(value ?? '').length;
  return bytes <= most ? null : `${name} has ${bytes} bytes, and would be cut: ${most} are possible`;
}
