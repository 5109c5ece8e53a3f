import fc from 'fast-check';

const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({ min: 0, max: 32 }));
const port = fc.integer({ min: 1, max: 65_535 });

/** Matches as people write them; the kernel spells most of them in another way. */
const match: fc.Arbitrary<string> = fc.oneof(
  address.map(([a, b, c, bits]) => `-s 10.${a}.${b}.${c}/${bits}`),
  address.map(([a, b, c]) => `! -d 10.${a}.${b}.${c}`),
  fc.constantFrom('-i eth0', '-i wg+', '! -i lo', '-p 4', '-p icmp', '-p icmp --icmp-type 8'),
  port.map((number) => `-p tcp --dport ${number}`),
  fc.tuple(port, port).map(([a, b]) => `-p udp --sport ${Math.min(a, b)}:${Math.max(a, b)}`),
  fc.constantFrom(
    '-m state --state NEW,ESTABLISHED',
    '-m conntrack --ctstate RELATED',
    '-m mac --mac-source aa:bb:cc:dd:ee:0f',
    '-p tcp --syn',
    '-p tcp -m multiport --dports 22,80:90',
    '-m limit --limit 5/minute',
    '-m mark --mark 0x10',
    '-m comment --comment plain',
    '-m comment --comment "two words, a \\"quote\\" and a \\\\"',
    '-m owner --uid-owner 0',
    '-m addrtype --dst-type LOCAL',
    '-m statistic --mode nth --every 3 --packet 0',
  ),
);
const target = fc.constantFrom(
  '-j ACCEPT',
  '-j DROP',
  '-j RETURN',
  '-j REJECT',
  '-j LOG --log-prefix "in: "',
  '-j MARK --set-mark 7',
  '--jump ACCEPT',
  '',
);

/** A rule for the table mangle that the kernel accepts, without its chain. */
export const goodSpec: fc.Arbitrary<string> = fc
  .tuple(fc.option(match, { nil: '' }), target)
  .map((parts) => parts.filter((part) => part !== '').join(' '))
  // REJECT and uid-owner are left out, as they are accepted only in some tables and chains.
  .filter((spec) => !spec.includes('REJECT') && !spec.includes('uid-owner'));

/** A rule that iptables, the kernel or lint refuses, whatever chain of mangle it is in. */
export const badSpec: fc.Arbitrary<string> = fc.constantFrom(
  '--bogus -j DROP',
  '-j NOPE',
  '-p tcp --dport 99999 -j DROP',
  '-m bogus -j DROP',
  '-j MASQUERADE',
  '-j DNAT --to-destination 10.0.0.1',
  '-j REJECT --reject-with tcp-reset',
  '-m set --match-set nosuch src -j DROP',
  '-s www.example.com -j DROP',
  '-m comment --comment "open -j DROP',
  '-h',
);
