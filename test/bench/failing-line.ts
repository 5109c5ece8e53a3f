/**
 * What it costs to find the failing line of a large ruleset, in bare restores: `iptables-restore` of the same text without
 * the bad line, into an empty namespace. Both take turns in one run.
 */
import { Engine } from '../support/engine.ts';
import { BACKENDS, type Backend } from '../support/namespace.ts';
import { bigRuleset } from '../support/rulesets.ts';
import { bareRestore } from './support/bare-restore.ts';
import { median, printTable } from './support/figures.ts';

const RULES = 20_000;
const ROUNDS = 5;
const CASES = [
  { what: 'iptables refuses it', spec: '-p tcp --dport 99999 -j DROP' },
  { what: 'only the kernel refuses it', spec: '-j MASQUERADE' },
];
const PLACES = [0.05, 0.5, 0.95];

const good = bigRuleset(RULES);
const rows: string[][] = [
  ['variant', 'bad rule', 'at line', 'bare restore, ms', 'failing line, ms', 'ratio'],
];
for (const backend of BACKENDS) {
  for (const { what, spec } of CASES) {
    for (const place of PLACES) {
      const lines = good.split('\n');
      const line = Math.round(RULES * place) + 4;
      lines.splice(line - 1, 0, `-A big ${spec}`);
      const text = lines.join('\n');
      const bare: number[] = [];
      const shown: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        bare.push(await bareRestore(backend, good));
        shown.push(await failingLine(backend, text, line));
      }
      const ratio = median(shown) / median(bare);
      rows.push([
        backend,
        what,
        String(line),
        median(bare).toFixed(0),
        median(shown).toFixed(0),
        ratio.toFixed(2),
      ]);
    }
  }
}
console.log(`Medians of ${ROUNDS}, ${RULES} rules in one chain\n`);
printTable(rows);

async function failingLine(backend: Backend, ipv4: string, line: number): Promise<number> {
  const engine = await Engine.open(backend);
  const { ms, end } = await engine.apply(ipv4);
  await engine.close();
  const named = end.failure?.lines.map((failed) => `${failed.line} ${failed.confidence}`).join();
  if (named !== `${line} verified`) throw new Error(`line ${line} was named ${named}`);
  return ms;
}
