import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { BACKENDS, type Backend, TestNamespace } from '../../support/namespace.ts';
import { addOddRules, makeOddSurroundings, oddRules } from '../../support/odd-rules.ts';
import { Random } from '../../support/random.ts';
import { runScript } from '../../support/raw-words.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
/** The seed of the random rules; set it to repeat a run that failed. */
const SEED = Number(process.env['FLEETWALL_SEED'] ?? Date.now() % 2 ** 31);
/** How many changes to make; `npm run chaos -- strangers` makes more. */
const CHANGES = Number(process.env['FLEETWALL_CHANGES'] ?? 30);
/** How many rules the stranger writes at a time. */
const AT_ONCE = 2;
/** How many rules the stranger keeps; then it deletes the oldest. */
const KEPT = 120;

/** Another program that writes the same rules into a host's namespace and into one where nobody else writes. */
class Stranger {
  readonly #host: TestNamespace;
  readonly #mirror: TestNamespace;
  readonly #backend: Backend;
  #isDone = false;
  #seed = SEED;
  #writing: Promise<void> = Promise.resolve();
  #rules: string[][] = [];

  constructor(host: TestNamespace, mirror: TestNamespace, backend: Backend) {
    this.#host = host;
    this.#mirror = mirror;
    this.#backend = backend;
  }

  async prepare(): Promise<void> {
    for (const namespace of [this.#host, this.#mirror]) await makeOddSurroundings(namespace);
  }

  /** Writes without pause until it is told to stop. */
  start(): void {
    this.#isDone = false;
    this.#writing = (async () => {
      while (!this.#isDone) {
        await this.#writeSome();
        // A pause, as no program holds the xtables lock all the time.
        await sleep(50);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await this.#writing;
  }

  async #writeSome(): Promise<void> {
    this.#seed += 1;
    const rules = oddRules(this.#seed, AT_ONCE, this.#backend);
    this.#rules.push(...rules);
    const old = this.#rules.splice(0, Math.max(0, this.#rules.length - KEPT));
    const commands = [...rules, ...old.map((rule) => rule.map((word) => (word === '-A' ? '-D' : word)))];
    const refused = await addOddRules(this.#host, commands);
    // Only deleting fails, as iptables itself does not find some rules again.
    expect(refused.every(({ at }) => at >= rules.length)).toBe(true);
    expect(await addOddRules(this.#mirror, commands)).toEqual(refused);
  }
}

/** All saved bytes of the table, without our own chains and the jumps to them, which nobody else names. */
async function bytesOf(namespace: TestNamespace): Promise<string> {
  const { stdout } = await runScript(namespace.name, `iptables-${namespace.backend}-save -t mangle`);
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('# ') && !line.includes('zz-own'))
    .join('\n');
}

function anyRuleset(random: Random): string {
  const hooks = [
    '-A INPUT -j zz-own',
    '-I INPUT -j zz-own',
    '-A FORWARD -s 192.0.2.0/24 -j zz-own',
    '-I OUTPUT -j zz-own-2',
  ];
  const rules = Array.from(
    { length: random.below(20) },
    () => `-A zz-own -s 10.0.0.${random.below(250)} -j RETURN`,
  );
  return table(
    'mangle',
    ':zz-own - [0:0]',
    ':zz-own-2 - [0:0]',
    ...hooks.filter(() => random.chance(50)),
    ...rules,
  );
}

/** Makes one of the changes that a fleet makes to a ruleset. */
async function change(host: TestHost, client: TestClient, revision: number, random: Random): Promise<string> {
  const ruleset = { name: 'own', revision };
  const none = { confirm: { mode: 'none' } };
  const kind = revision % 10;
  const job =
    kind === 3
      ? { action: 'remove', ruleset, ...none }
      : kind === 5
        ? { action: 'report', ruleset: { name: 'own' } }
        : kind === 7
          ? {
              ruleset: { ...ruleset, ipv4: anyRuleset(random) },
              confirm: { mode: 'manual', timeoutSeconds: 1 },
            }
          : { ruleset: { ...ruleset, ipv4: anyRuleset(random) }, ...none };
  const { data } = await client.run(host.id, job);
  expect(data.failure?.code ?? 'confirm_timeout', JSON.stringify(data.failure)).toBe('confirm_timeout');
  return data.outcome;
}

describe.each(BACKENDS)('a stranger who writes odd rules all the time, %s', (backend) => {
  it(`loses no byte of them in ${CHANGES} changes (FLEETWALL_SEED=${SEED})`, {
    timeout: 60_000 + CHANGES * 10_000,
  }, async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const mirror = await TestNamespace.create(backend);
    try {
      const stranger = new Stranger(host.namespace, mirror, backend);
      await stranger.prepare();
      const random = new Random(SEED);
      const outcomes = new Map<string, number>();
      for (let part = 0; part < 10; part += 1) {
        stranger.start();
        for (let step = 1; step <= CHANGES / 10; step += 1) {
          const outcome = await change(host, client, part * (CHANGES / 10) + step, random);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
        await stranger.stop();
        expect(await bytesOf(host.namespace)).toBe(await bytesOf(mirror));
      }
      expect(outcomes.get('applied')).toBeGreaterThan(CHANGES / 3);
      expect(outcomes.get('rolled_back')).toBeGreaterThan(0);
    } finally {
      await mirror.remove();
    }
  });
});
