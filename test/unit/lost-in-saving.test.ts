import { describe, expect, it } from 'vitest';
import { lostInSaving } from '../../src/ruleset/text/lost-in-saving.ts';

/** Each with what iptables-save 1.8.9 prints of it. */
describe('a rule of which iptables-save does not print all', () => {
  it.each([
    // Of an option that is given twice, nft prints the last.
    ['-p tcp -m tcp --dport 1 -m tcp --dport 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport 1 -m tcp --dpo 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport\t1 -m tcp --dport 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport=1 -m tcp --dport 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport 1 -m tcp "--dport" 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport 1 -m tcp "-\\-dport" 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport 1 -m tcp -"-dport" 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --dport 1 -m tcp --destination-p 2 -j ACCEPT', '-p tcp -m tcp --dport 2 -j ACCEPT'],
    ['-p tcp -m tcp --sy -m tcp --tcp-fl ALL SYN -j ACCEPT', '-p tcp -m tcp --tcp-flags ALL SYN -j ACCEPT'],
    ['-p udp -m udp --sport 1 -m udp --spo 2 -j ACCEPT', '-p udp -m udp --sport 2 -j ACCEPT'],
    // Of a range of ICMP codes only the first is printed, and of type 255 nothing.
    ['-p icmp --icmp-type 3/1:2 -j ACCEPT', '-p icmp -m icmp --icmp-type 3/1 -j ACCEPT'],
    ['-p 1 --ic 3/1:2 -j ACCEPT', '-p icmp -m icmp --icmp-type 3/1 -j ACCEPT'],
    ['-p ICMP --ic 3/1:2 -j ACCEPT', '-p icmp -m icmp --icmp-type 3/1 -j ACCEPT'],
    ['-p icmp --icmp-type 3/0x1:2 -j ACCEPT', '-p icmp -m icmp --icmp-type 3/1 -j ACCEPT'],
    ['-p icmp --icmp-type "3/ 1:+2" -j ACCEPT', '-p icmp -m icmp --icmp-type 3/1 -j ACCEPT'],
    ['-p icmp --icmp-type 3:3/1:2 -j ACCEPT', '-p icmp -m icmp --icmp-type 3/1 -j ACCEPT'],
    ['-p icmp --icmp-type 255/1 -j ACCEPT', '-p icmp -m icmp --icmp-type any -j ACCEPT'],
    ['-p icmp --icmp-type 0xff/1 -j ACCEPT', '-p icmp -m icmp --icmp-type any -j ACCEPT'],
    ['-p icmp --icmp-type 255:255/1 -j ACCEPT', '-p icmp -m icmp --icmp-type any -j ACCEPT'],
    // The end of a range is not printed if it is 0.
    [
      '-m connbytes --connbytes 0:0 --connbytes-dir both --connbytes-mode bytes -j ACCEPT',
      '-m connbytes --connbytes 0 --connbytes-mode bytes --connbytes-dir both -j ACCEPT',
    ],
    [
      '-m connbytes --connbytes ":0x00" --connbytes-dir both --connbytes-mode bytes -j ACCEPT',
      '-m connbytes --connbytes 0 --connbytes-mode bytes --connbytes-dir both -j ACCEPT',
    ],
    // A negated range that leaves no port, or others than are printed.
    ['-p tcp ! --dport 0:65535 -j ACCEPT', '-p tcp -j ACCEPT'],
    ['-p tcp -m tcp ! --dport :5 -m tcp --dport 1:5 -j ACCEPT', '-p tcp -m tcp --dport 1:5 -j ACCEPT'],
    ['-p tcp ! --sport :5 ! --dport : -j ACCEPT', '-p tcp -m tcp --sport 6:65535 -j ACCEPT'],
    // Flags without a mask match no packet, and are not printed.
    ['-p tcp --tcp-flags NONE SYN -j ACCEPT', '-p tcp -m tcp -j ACCEPT'],
    ['-p 6 --tcp-f none,NONE SYN,ACK -j ACCEPT', '-p tcp -m tcp -j ACCEPT'],
    ['-p tcp --tcp-flags , SYN -j ACCEPT', '-p tcp -m tcp -j ACCEPT'],
    ['-p tcp --tcp-flags "" SYN -j ACCEPT', '-p tcp -m tcp -j ACCEPT'],
    ['-p 58 --ic 1/1:2 -j ACCEPT', '-p ipv6-icmp -m icmp6 --icmpv6-type 1/1 -j ACCEPT'],
    ['-p 58 --icmpv6-type 1/0:1 -j ACCEPT', '-p ipv6-icmp -m icmp6 --icmpv6-type 1/0 -j ACCEPT'],
  ])('is found: %s', (sent, saved) => {
    expect(lostInSaving(sent, `-A x ${saved}`)).toMatch(/another rule/);
  });

  it.each([
    ['-p tcp -m tcp --dport 1 -m tcp --sport 2 -j ACCEPT', '-p tcp -m tcp --sport 2 --dport 1 -j ACCEPT'],
    ['-m limit --limit 5/sec --limit-burst 9 -j ACCEPT', '-m limit --limit 5/sec --limit-burst 9 -j ACCEPT'],
    [
      '-m comment --comment "no --dport 1 and --dport 2!" -j ACCEPT',
      '-m comment --comment "no --dport 1 and --dport 2!" -j ACCEPT',
    ],
    // Both are multiport's.
    ['-p tcp -m multiport --dport 1,2 -j ACCEPT', '-p tcp -m multiport --dports 1,2 -j ACCEPT'],
    // nft prints the ports that a negated range from 0 leaves.
    ['-p tcp ! --dport :1023 -j ACCEPT', '-p tcp -m tcp --dport 1024:65535 -j ACCEPT'],
    ['-p udp -m udp ! --source-port 00:0x5 -j ACCEPT', '-p udp -m udp --sport 6:65535 -j ACCEPT'],
    ['-p tcp ! --dport 0:65534 -j ACCEPT', '-p tcp -m tcp --dport 65535 -j ACCEPT'],
    ['-p tcp ! --dport :ssh -j ACCEPT', '-p tcp -m tcp --dport 23:65535 -j ACCEPT'],
    ['-p tcp ! --sport :5 ! --dport 4:6 -j ACCEPT', '-p tcp -m tcp --sport 6:65535 ! --dport 4:6 -j ACCEPT'],
    // They are saved by other names.
    ['-m ttl --ttl 5 -m ttl --ttl 6 -j ACCEPT', '-m ttl --ttl-eq 5 -m ttl --ttl-eq 6 -j ACCEPT'],
    [
      '-p tcp -m multiport --source-ports 1 -m multiport --source-ports 2 -j ACCEPT',
      '-p tcp -m multiport --sports 1 -m multiport --sports 2 -j ACCEPT',
    ],
    [
      '-m connbytes --connbytes 0: --connbytes-dir both --connbytes-mode bytes -j ACCEPT',
      '-m connbytes --connbytes 0 --connbytes-mode bytes --connbytes-dir both -j ACCEPT',
    ],
    ['-p tcp --tcp-flags NONE NONE -j ACCEPT', '-p tcp -m tcp -j ACCEPT'],
    ['-p tcp ! --tcp-flags NONE SYN -j ACCEPT', '-p tcp -m tcp ! --tcp-flags NONE SYN -j ACCEPT'],
    ['-p tcp --tcp-flags SYN ACK -j ACCEPT', '-p tcp -m tcp --tcp-flags SYN ACK -j ACCEPT'],
    ['-p 1 --ic 3/0:255 -j ACCEPT', '-p icmp -m icmp --icmp-type 3 -j ACCEPT'],
    ['-p 1 --icmp-type 3/0x2:02 -j ACCEPT', '-p icmp -m icmp --icmp-type 3/2 -j ACCEPT'],
    ['-p icmp --icmp-type 255/0:255 -j ACCEPT', '-p icmp -m icmp --icmp-type any -j ACCEPT'],
    ['-p icmpv6 --icmpv6-type 255/1 -j ACCEPT', '-p ipv6-icmp -m icmp6 --icmpv6-type 255/1 -j ACCEPT'],
  ])('is not seen where nothing is lost: %s', (sent, saved) => {
    expect(lostInSaving(sent, `-A x ${saved}`)).toBeNull();
  });
});
