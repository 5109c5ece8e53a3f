import { describe, expect, it } from 'vitest';
import { noteRules } from '../../src/notes/note-rules.ts';
import { finish } from '../../src/steps.ts';

const textOf = (...rules: string[]) =>
  `*filter\n:edge - [0:0]\n-A INPUT -j edge\n${rules.map((rule) => `-A edge ${rule}`).join('\n')}\nCOMMIT\n`;
/** The rules begin in line 4. */
const notesOf = (...rules: string[]) =>
  finish(noteRules({ ipv4: textOf(...rules) })).map(({ line, text }) => `${line} ${text}`);
const notesOf6 = (...rules: string[]) =>
  finish(noteRules({ ipv6: textOf(...rules) })).map(({ line, text }) => `${line} ${text}`);

describe('a rule that an earlier one leaves nothing', () => {
  it('is noted with that line', () => {
    expect(
      notesOf('-p tcp --dport 1:1023 -j ACCEPT', '-s 192.0.2.1 -p tcp -m multiport --dports 22,80 -j DROP'),
    ).toEqual(['5 can never match: line 4 (-j ACCEPT) takes all of it before']);
    expect(notesOf6('-s 2001:db8::/32 -j DROP', '-s 2001:db8:7::1 -p tcp --dport 22 -j ACCEPT')).toEqual([
      '5 can never match: line 4 (-j DROP) takes all of it before',
    ]);
  });

  it('is noted behind a verdict on everything', () => {
    expect(
      notesOf(
        '-m comment --comment "the rest" -j REJECT --reject-with icmp-host-prohibited',
        '-i eth0 -j ACCEPT',
      ),
    ).toEqual([
      '5 can never match: line 4 (-j REJECT --reject-with icmp-host-prohibited) takes every packet before',
    ]);
  });

  it('is noted as a contradiction, or as said before, if it takes the same packets', () => {
    expect(
      notesOf('-s 192.0.2.0/24 -p 6 --dport 22 -j ACCEPT', '-p tcp -s 192.0.2.0/24 --dport 22:22 -j DROP'),
    ).toEqual(['5 contradicts line 4 (-j ACCEPT), which takes the same packets before: it can never match']);
    expect(notesOf('-i eth0 -j ACCEPT', '-i eth0 -m comment --comment again -j ACCEPT')).toEqual([
      '5 can never match: line 4 says the same before',
    ]);
  });

  it('is noted with all the lines that share its addresses out', () => {
    expect(
      notesOf('-s 192.0.2.1 -j ACCEPT', '-s 192.0.2.2 -j DROP', '-s 192.0.2.1,192.0.2.2 -p tcp -j DROP'),
    ).toEqual(['6 can never match: lines 4, 5 take all of it before']);
  });

  it('is not noted if something may be left for it', () => {
    const pairs: [string, string][] = [
      // They do not take each packet, or do not end its way.
      ['-m limit --limit 1/s -j ACCEPT', '-p tcp -j DROP'],
      ['-m statistic --mode random --probability 0.5 -j DROP', '-j DROP'],
      ['-j LOG', '-j DROP'],
      ['-p tcp', '-p tcp -j DROP'],
      ['-j other', '-j DROP'],
      ['-m rpfilter --invert -j DROP', '-j DROP'],
      ['-m rpfilter -j DROP', '-p tcp -j DROP'],
      // A rule in between may set the mark.
      ['-m mark --mark 1 -j ACCEPT', '-m mark --mark 1 -p tcp -j DROP'],
      ['-s 192.0.2.0/25 -j ACCEPT', '-s 192.0.2.0/24 -j DROP'],
      ['! -s 192.0.2.0/24 -j ACCEPT', '-s 192.0.2.0/25 -j DROP'],
      ['-p tcp --dport 22 -j ACCEPT', '-p udp --dport 22 -j DROP'],
      ['-p tcp --dport 22 -j ACCEPT', '-p tcp --sport 22 -j DROP'],
      ['-p tcp -m multiport --ports 22 -j ACCEPT', '-p tcp --dport 22 -j DROP'],
      ['-p tcp ! --dport 22 -j ACCEPT', '-p tcp --dport 22 -j DROP'],
      ['-i eth0 -j ACCEPT', '-i eth1 -j DROP'],
      ['-m set --match-set fw4.blocked src -j DROP', '-m set --match-set fw4.blocked src -p tcp -j LOG'],
    ];
    for (const pair of pairs) expect([pair, notesOf(...pair)]).toEqual([pair, []]);
  });

  it('is not noted where lines do not stand in the order of the rules', () => {
    const text =
      '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -j DROP\n-I edge -p tcp -j ACCEPT\nCOMMIT\n';
    expect(finish(noteRules({ ipv4: text }))).toEqual([]);
    const twice = '*filter\n-A INPUT -j DROP\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n';
    expect(finish(noteRules({ ipv4: twice }))).toEqual([]);
  });
});

describe('an address that is written as a network', () => {
  it('is noted with the network that iptables makes of it', () => {
    expect(notesOf('-s 10.0.0.5/8 -j DROP')).toEqual([
      '4 10.0.0.5/8 is no network, but an address in 10.0.0.0/8, which is what iptables makes of it',
    ]);
    expect(notesOf6('-d 2001:db8::1/64 -j DROP')).toEqual([
      '4 2001:db8::1/64 is no network, but an address in 2001:db8::/64, which is what iptables makes of it',
    ]);
    expect(notesOf('-s 10.0.0.0/8 -d 192.0.2.1/32 -j DROP')).toEqual([]);
  });
});
