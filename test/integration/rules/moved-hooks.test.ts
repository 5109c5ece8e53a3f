import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTakenAnywhere } from '../../../src/ruleset/trial/taken-anywhere.ts';
import { Engine } from '../../support/engine.ts';
import { BACKENDS } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const HOOKS = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** One of each option that a rule may have which is taken wherever it is reached from. */
const SPECS = [
  '-s 192.0.2.0/24 -d 198.51.100.7/32 -j ACCEPT',
  '! -s 192.0.2.0/24 -i eth0 -j RETURN',
  '-o eth1 -j ACCEPT',
  '! -i lo ! -o eth+ -j RETURN',
  '-p tcp -m tcp --sport 1024:65535 --dport 22 -j ACCEPT',
  '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT',
  '-p tcp -m tcp ! --syn -j RETURN',
  '-p udp -m multiport --dports 53,67:68 -j ACCEPT',
  '-p tcp -m multiport --ports 80,443 -m comment --comment "web, both ways" -j ACCEPT',
  '-p udp -m multiport --sports 123 -j ACCEPT',
  '-p icmp -m icmp --icmp-type 8 -m limit --limit 10/sec --limit-burst 20 -j ACCEPT',
  '-m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT',
  '-m state --state RELATED -j ACCEPT',
  '-m mark --mark 0x1/0xff -m comment --comment marked -j RETURN',
  '-j RETURN',
];
/** The table nat takes no DROP. */
const dropped = (name: string) => (name === 'nat' ? [] : ['-p icmp -j DROP']);

describe.each(BACKENDS)('a chain that is reached from elsewhere, %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => (engine = await Engine.open(backend)));
  afterAll(async () => await engine.close());

  it.each(Object.entries(HOOKS))('is taken as a whole, table %s', async (name, hooks) => {
    const rules = [...SPECS, ...dropped(name)].map((spec) => `-A moved ${spec}`);
    for (const rule of rules) expect(isTakenAnywhere(rule), rule).toBe(true);
    // The bare tool takes each of them, from all hooks.
    const all = table(name, ':moved - [0:0]', ...rules, ...hooks.map((hook) => `-A ${hook} -j moved`));
    await engine.namespace.run(`iptables-${backend}-restore`, ['-w', '5', '--test'], all);
    for (const hook of hooks) {
      const { end } = await engine.apply(table(name, ':moved - [0:0]', ...rules, `-A ${hook} -j moved`));
      expect(end, hook).toMatchObject({ outcome: 'applied' });
    }
  });

  it('has its rules that are for other hooks refused, each by its line', async () => {
    const rules = [
      '-A moved -s 192.0.2.1/32 -j ACCEPT',
      '-A moved -m owner --uid-owner 0 -j ACCEPT',
      '-A moved -s 192.0.2.2/32 -j DROP',
    ];
    const text = (hook: string) => table('filter', ':moved - [0:0]', `-A ${hook} -j moved`, ...rules);
    expect((await engine.apply(text('OUTPUT'))).end.outcome).toBe('applied');
    const { end } = await engine.apply(text('INPUT'));
    // The rule is on line 5, and the jump that makes it reachable on line 3: the rule is what the kernel refuses.
    expect(end.failure?.lines.map(({ line }) => line)).toEqual([5]);
    expect(await engine.namespace.save()).toContain('-A OUTPUT -j moved');
  });
});
