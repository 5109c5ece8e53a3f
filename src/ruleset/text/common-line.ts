import { isIPv6 } from 'node:net';
import type { Family } from '../../contract/words/identifiers.ts';
import type { Jump } from '../model.ts';

/** A rule that is written in the usual form. */
export interface CommonLine {
  command: 'A' | 'I';
  chain: string;
  jump: Jump;
}

const NAME = String.raw`(?![-!])[!#-&(-\[\]-~]+`;
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const IPV4 = String.raw`${OCTET}(?:\.${OCTET}){3}(?:\/(?:3[0-2]|[12]?\d))?`;
const IPV6 = String.raw`[0-9a-fA-F:.]+(?:\/(?:12[0-8]|1[01]\d|\d?\d))?`;
const INTERFACE = '[A-Za-z][A-Za-z0-9_.-]{0,13}\\+?';
const PORTS = '[a-z0-9-]*:?[0-9]*';
const WORDS = '[A-Za-z0-9_./,:-]+';
const COMMENT = `(?:${NAME}|"[ !#-\\[\\]-~]*")`;
const MATCHES = 'tcp|udp|icmp|icmp6|conntrack|state|multiport|comment|limit|mark|set|addrtype';

/** @param otherLists what a list of the other family begins with */
const lineOf = (address: string, otherLists: string) => {
  const option = [
    `-[sd] ${address}`,
    `-[io] ${INTERFACE}`,
    '-p (?:tcp|udp|icmp|icmpv6|ipv6-icmp|all)',
    `-m (?:${MATCHES})`,
    `--[sd]ports? (?!-)${PORTS}`,
    `--(?:ctstate|state|dports|sports|limit|limit-burst|mark|icmp-type|icmpv6-type|src-type|dst-type) (?!-)${WORDS}`,
    `--tcp-flags (?!-)${WORDS} (?!-)${WORDS}`,
    '--syn',
    `--comment ${COMMENT}`,
    `--match-set (?!${otherLists}|fw[46]\\.[a-z0-9-]+\\.2 )[\\w.:-]+ (?:src|dst)(?:,(?:src|dst))*`,
  ].join('|');
  const target = `--(?:reject-with|set-xmark|set-mark|to-ports|to-source|to-destination) (?!-)${WORDS}`;
  return new RegExp(`^-([AI]) (${NAME})(?: (?:! )?(?:${option}))* -([jg]) (${NAME})(?: ${target})*$`);
};

const LINES: Readonly<Record<Family, RegExp>> = {
  ipv4: lineOf(IPV4, 'fw6\\.'),
  ipv6: lineOf(IPV6, 'fw4\\.'),
};
/** In a line of so few bytes, no value can be too long. */
const LONGEST = 255;

/**
 * Reads a line that cannot be misread, with one pattern: each word is in its place, no option is shortened, and every address is
 * valid. A text may have 200,000 lines, and taking each apart would take noticeable time.
 *
 * @returns `null` for any other line
 */
export function readCommonLine(text: string, family: Family): CommonLine | null {
  if (text.length > LONGEST) return null;
  const [match, command, chain = '', letter, target = ''] = LINES[family].exec(text) ?? [];
  if (match === undefined || (family === 'ipv6' && !hasOnlyAddresses(text))) return null;
  return { command: command === 'I' ? 'I' : 'A', chain, jump: { target, isGoto: letter === 'g' } };
}

function hasOnlyAddresses(text: string): boolean {
  for (const [, address = ''] of text.matchAll(/ -[sd] ([^ /]+)/g)) if (!isIPv6(address)) return false;
  return true;
}
