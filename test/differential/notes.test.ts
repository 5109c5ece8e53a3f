import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noteRules } from '../../src/notes/note-rules.ts';
import { finish } from '../../src/steps.ts';
import { TestNamespace } from '../support/namespace.ts';
import { Random } from '../support/random.ts';

/** The seed of the random rules; set it to repeat a run that failed. */
const SEED = Number(process.env['FLEETWALL_SEED'] ?? Date.now() % 2 ** 31);
/** How many rulesets to try. */
const RULESETS = Number(process.env['FLEETWALL_TEXTS'] ?? 200) / 20;
const RULES = 24;
const SENDER = join(import.meta.dirname, '../support/send-datagrams.py');
/** `*filter`, two chains, the hook. */
const LINES_BEFORE = 4;

type Some = readonly [string, ...string[]];
const CONDITIONS: readonly Some[] = [
  [
    '',
    '',
    '-s 127.0.0.1',
    '-s 127.0.0.0/30',
    '-s 127.0.0.3/31',
    '! -s 127.0.0.2',
    '-s 127.0.0.1,127.0.0.4',
    '-s 127/8',
  ],
  [
    '',
    '',
    '-d 127.0.0.0/28',
    '-d 127.0.0.9/29',
    '-d 127.0.0.4/30',
    '-d 127.0.0.4',

    '-d 0/0',
    '-d 127.0.0.8/255.255.255.248',
  ],
  [
    '',
    '-p udp',
    '-p 17',
    '! -p tcp',
    '-p udp --dport 3',
    '-p udp -m udp --dport 2:5',
    '-p udp --dport :4',
    '-p udp ! --dport 3',
    '-p udp -m multiport --dports 1,3:5',
    '-p udp -m multiport --dports 3,1',
    '-p udp -m multiport --ports 3',
    '-p udp --sport 40000',
    '-p tcp --dport 3',
  ],
  [
    '',
    '',
    '-m comment --comment "-j DROP"',
    '-o lo',
    '! -o lo',
    '-m length --length 29',
    '-m conntrack --ctstate NEW',
    '-m conntrack --ctstate ESTABLISHED,NEW',
    '-m limit --limit 1/day --limit-burst 2',
    '-m statistic --mode nth --every 2 --packet 0',
    '-m mark --mark 1',
    '-m recent --name seen --set',
    '-m rpfilter',
  ],
];
const VERDICTS: Some = [
  '-j ACCEPT',
  '-j DROP',
  '-j RETURN',
  '-j REJECT',
  '-g other',
  '-j other',
  '-j LOG',
  '',
];
/** Of which it is certain that they take a packet, and for good. */
const PLAIN_ENDS = ['-j ACCEPT', '-j DROP', '-j RETURN'] as const;

function ruleOf(random: Random): string {
  const conditions = CONDITIONS.map((some) => (random.chance(55) ? '' : random.pick(some)));
  // Only the prerouting and input hooks have rpfilter.
  const usable = conditions.filter((one) => one !== '' && one !== '-m rpfilter');
  return ['-A edge', ...usable, random.pick(VERDICTS)].join(' ').trim();
}

function textOf(rules: readonly string[]): string {
  const head = '*filter\n:edge - [0:0]\n:other - [0:0]\n-A OUTPUT -j edge\n';
  return `${head}${rules.join('\n')}\nCOMMIT\n`;
}

/** How many packets each line's rules took, by the kernel's own counters; a line may make several rules. */
async function packetsOf(namespace: TestNamespace, rules: readonly string[]): Promise<number[]> {
  await namespace.iptables('-F');
  await namespace.iptables('-X');
  await namespace.restore(textOf(rules.map((rule, at) => `${rule} -m comment --comment line-${at}`)));
  await namespace.run('python3', [SENDER]);
  const saved = await namespace.run('iptables-nft-save', ['-c']);
  const counted = rules.map(() => 0);
  for (const [, packets, at] of saved.matchAll(/^\[(\d+):\d+\] -A edge .*--comment line-(\d+)\b/gm))
    counted[Number(at)] = (counted[Number(at)] ?? 0) + Number(packets);
  return counted;
}

describe('a rule that is noted as one that can never match', () => {
  it(`has met no packet in the kernel, of any that it asks for (FLEETWALL_SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    const namespace = await TestNamespace.create('nft');
    let noted = 0;
    let met = 0;
    try {
      for (let ruleset = 0; ruleset < RULESETS; ruleset += 1) {
        const rules = Array.from({ length: RULES }, () => ruleOf(random));
        const counted = await packetsOf(namespace, rules);
        const notes = finish(noteRules({ ipv4: textOf(rules) })).filter(({ earlier }) => earlier.length > 0);
        for (const { line, text } of notes) {
          const at = line - LINES_BEFORE - 1;
          expect({ rules, line, text, packets: counted[at] }).toEqual({ rules, line, text, packets: 0 });
        }
        noted += notes.length;
        met += counted.filter((packets) => packets > 0).length;
      }
    } finally {
      await namespace.remove();
    }
    expect(noted).toBeGreaterThan(RULESETS);
    expect(met).toBeGreaterThan(RULESETS);
  });

  it(`is found wherever one was put behind another that takes more (FLEETWALL_SEED=${SEED})`, () => {
    const random = new Random(SEED);
    for (let ruleset = 0; ruleset < RULESETS * 10; ruleset += 1) {
      const rules = Array.from({ length: RULES }, () => ruleOf(random));
      const before = random.below(RULES);
      const behind = before + 1 + random.below(RULES - before);
      const port = random.pick(['', ' -p udp', ' -p udp --dport 2:5']);
      const wider = `-A edge -d 127.0.0.8/29${port}`;
      const narrower = '-A edge -s 127.0.0.1 -d 127.0.0.8/30 -p udp --dport 3 -m limit --limit 1/s -j LOG';
      rules.splice(before, 0, `${wider} ${random.pick(PLAIN_ENDS)}`);
      rules.splice(behind, 0, narrower);
      const notes = finish(noteRules({ ipv4: textOf(rules) }));
      const line = behind + LINES_BEFORE + 1;
      const found = notes.find((note) => note.line === line);
      expect({ rules, line, found: found?.earlier.length }).toEqual({ rules, line, found: 1 });
      expect(found?.earlier[0]).toBeLessThanOrEqual(before + LINES_BEFORE + 1);
    }
  });
});
