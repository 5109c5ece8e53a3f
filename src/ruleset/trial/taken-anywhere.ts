const NAME = String.raw`[^-!\s"\\][^\s"\\]*`;
const COMMENT = String.raw`(?:${NAME}|"[^"\\]*")`;
const OPTIONS = [
  `-[sdiop] ${NAME}`,
  '-m (?:tcp|udp|icmp|icmp6|conntrack|state|multiport|comment|limit|mark)',
  `--(?:[sd]ports?|ports|ctstate|state|limit|limit-burst|mark|icmp-type|icmpv6-type) ${NAME}`,
  `--tcp-flags ${NAME} ${NAME}`,
  '--syn',
  `--comment ${COMMENT}`,
].join('|');
const TAKEN_ANYWHERE = new RegExp(
  String.raw`^-[AI] ${NAME}(?: (?:! )?(?:${OPTIONS}))* -j (?:ACCEPT|DROP|RETURN)$`,
);

/**
 * Says of a rule that the kernel has taken once whether it takes it as well where its chain is reached from elsewhere. A match or target
 * may name the hooks that it is for (`hooks` of `struct xt_match`, or a check of its own): those of this pattern have neither, in
 * net/netfilter/xt_*.c of Linux 6.1 and later. Of any other rule it is not said.
 */
export function isTakenAnywhere(text: string): boolean {
  return TAKEN_ANYWHERE.test(text);
}
