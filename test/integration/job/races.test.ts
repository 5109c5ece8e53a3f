import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS, type TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
const JOBS = 12;

/** Another program that writes rules as fast as it can until it is told to end, and then says what it has done. */
class Saboteur {
  readonly #process;
  readonly #said: Promise<string>;

  /** @param commands of bash, in which `$i` counts the rounds and `ipt` is iptables */
  constructor(namespace: TestNamespace, commands: string) {
    const script = `ipt() { iptables-${namespace.backend} -w 5 "$@" 2>/dev/null; }
      stop=0; trap stop=1 TERM
      for ((i = 1; i < 60000 && !stop; i++)); do ${commands}; done`;
    const args = [`--net=/run/netns/${namespace.name}`, '--', 'bash', '-c', script];
    this.#process = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#said = text(this.#process.stdout);
  }

  async end(): Promise<string[]> {
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
    return (await this.#said).split('\n').filter((line) => line !== '');
  }
}

const address = 'a="172.16.$((i / 250)).$((i % 250))"';
const ruleset = (revision: number) => ({
  name: 'edge',
  revision,
  ipv4: table(
    'filter',
    ':edge - [0:0]',
    '-I INPUT -j edge',
    '-A FORWARD -j edge',
    ...Array.from(
      { length: 20 },
      (_, index) => `-A edge -s 10.0.${index === revision % 20 ? revision : 0}.${index}/32 -j DROP`,
    ),
  ),
});

describe.each(BACKENDS)('while another program writes, %s', (backend) => {
  it('rules before our hook without pause, no rule is lost, and no job fails', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const { namespace } = host;
    // It deletes every third of its own rules again, by value.
    const saboteur = new Saboteur(
      namespace,
      `${address}; ipt -I INPUT -s $a -j ACCEPT && echo $a; ((i % 3 == 0)) && ipt -D INPUT -s $a -j ACCEPT && echo -$a`,
    );
    for (let revision = 1; revision <= JOBS; revision += 1) {
      const { data } = await client.run(host.id, { ruleset: ruleset(revision) });
      expect(data).toMatchObject({ outcome: 'applied', failure: null });
    }
    const said = await saboteur.end();
    const gone = new Set(said.filter((line) => line.startsWith('-')).map((line) => line.slice(1)));
    const expected = said.filter((line) => !line.startsWith('-') && !gone.has(line)).toReversed();
    const live = await namespace.save();
    const found = [...live.matchAll(/^-A INPUT -s (172\.16\.\d+\.\d+)\/32 -j ACCEPT$/gm)].map(
      ([, from]) => from,
    );
    expect(found).toEqual(expected);
    expect(expected.length).toBeGreaterThan(10);
    expect(live.match(/-j edge$/gm)).toHaveLength(2);
    expect((await host.log()).includes('planned again')).toBe(false);
  });

  it('to our own chain, the change is planned again, and foreign rules are never touched', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const { namespace } = host;
    await namespace.restore(
      table('filter', ':theirs - [0:0]', '-A INPUT -j theirs', '-A theirs -s 10.9.9.9/32 -j DROP'),
    );
    await client.run(host.id, { ruleset: ruleset(1) });
    const saboteur = new Saboteur(
      namespace,
      `${address}; ipt -I edge 3 -s $a -j ACCEPT; ipt -D FORWARD -j edge; ((i % 5 == 0)) && ipt -F edge; sleep 0.02`,
    );
    const outcomes = new Set<string>();
    let revision = 2;
    while (revision <= JOBS || (revision < 20 * JOBS && !(await host.log()).includes('planned again'))) {
      const { data } = await client.run(host.id, { ruleset: ruleset(revision) });
      revision += 1;
      outcomes.add(data.outcome);
      // A job cannot win against a program that never stops. Then it must fail with one of these codes, and with no other.
      if (data.outcome === 'failed') expect(['verify_mismatch', 'undo_failed']).toContain(data.failure?.code);
    }
    await saboteur.end();
    const last = await client.run(host.id, { ruleset: ruleset(revision) });
    expect(last.data).toMatchObject({ outcome: 'applied' });
    const live = await namespace.save();
    expect(live).not.toContain('172.16.');
    expect(live.match(/^-A edge /gm)).toHaveLength(20);
    expect(live).toContain('-A INPUT -j theirs\n');
    expect(live).toContain('-A theirs -s 10.9.9.9/32 -j DROP');
    expect(await host.log()).toContain('planned again');
    expect(outcomes).toContain('applied');
  });
});
