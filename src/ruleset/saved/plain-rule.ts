import type { Jump } from '../model.ts';

/**
 * Most rules are plain: the text that `iptables-save` prints shows where the rule ends and where it jumps to, and restores to the
 * same rule. All other rules are odd, and iptables must be asked about them.
 *
 * A rule is plain if
 * - it has a target, and its matches and targets print only numbers, words of a closed list, and free text in quotes
 *   (xtables_save_string). Names as those of `recent`, `hashlimit` or `IDLETIMER` are printed without quotes: one with a line
 *   break may look like two whole rules;
 * - its interfaces have names of letters, digits and a few signs. A name of 15 bytes has no room for a target, a line break and
 *   the beginning of a rule with its counters (so this is not true of a save without counters);
 * - its sets have such names, too: the word that is printed after a set (`src`) is not the value of any other option.
 */
const MATCHES =
  'tcp|udp|udplite|icmp|icmp6|conntrack|state|multiport|limit|comment|mark|connmark|addrtype|iprange|length|mac|owner|' +
  'pkttype|tos|dscp|ttl|hl|statistic|tcpmss|connbytes|connlimit|rpfilter|set|sctp|dccp|socket|quota|policy|ecn|cpu|u32|' +
  'string|helper';
const TARGETS =
  'LOG|NFLOG|REJECT|MASQUERADE|SNAT|DNAT|REDIRECT|NETMAP|MARK|CONNMARK|TCPMSS|CLASSIFY|DSCP|TOS|TTL|HL|NFQUEUE|TPROXY|CHECKSUM|' +
  'AUDIT|TCPOPTSTRIP|SYNPROXY|HMARK|DNPT|SNPT';
const PROTOCOLS = 'tcp|udp|udplite|icmp|ipv6-icmp|icmpv6|esp|ah|sctp|dccp|gre|igmp|all|ospf|vrrp|pim|\\d+';

const NAME = String.raw`[!#-&(-\[\]-~]+`;
const INTERFACE = String.raw`[A-Za-z0-9_.:@][A-Za-z0-9_.:@+-]*`;
const QUOTED = String.raw`"(?:[ !#-\[\]-~]|\\[ -~])*"`;
const DIRECTIONS = '(?:src|dst)(?:,(?:src|dst))*';
const VALUE = String.raw`(?:${QUOTED}|(?!-|!(?: |$)|${DIRECTIONS}(?: |$))${NAME})`;
const LONG_OPTION = `--[a-z0-9-]+(?: ${VALUE}){0,2}`;
const OPTION = [
  `-[sd] ${VALUE}`,
  `-[io] ${INTERFACE}`,
  `-p (?:${PROTOCOLS})`,
  '-f',
  `-m (?:${MATCHES})`,
  String.raw`--match-set [\w.:-]+ ${DIRECTIONS}`,
  LONG_OPTION,
].join('|');
const PLAIN = new RegExp(
  `^-A ${NAME}(?:(?: !)? (?:${OPTION}))*(?: -j (${TARGETS})(?: ${LONG_OPTION})*| -([jg]) (${NAME}))$`,
);

/** A shift of ports behind the range of a target (`--to-source 192.0.2.1:1-10/2`): of SNAT it is saved as `/0`, which is not taken. */
const SHIFTED = / --to-(?:source|destination|ports) [^ ]*\//;

/** Returns where a plain rule jumps to; `null` if the rule is odd. */
export function plainJump(text: string): Jump | null {
  const [match, known, letter, name = ''] = PLAIN.exec(text) ?? [];
  if (match === undefined || SHIFTED.test(text)) return null;
  return { target: known ?? name, isGoto: letter === 'g' };
}
