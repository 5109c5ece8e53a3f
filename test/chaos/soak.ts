/**
 * Sends many jobs to one worker, one after the other, and watches its memory, open files, children and namespaces. Every
 * tenth job changes rules.
 *
 * npm run chaos -- soak [--jobs 20000]
 */
import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { printTable } from '../bench/support/figures.ts';
import { TestClient } from '../support/client.ts';
import { TestHost } from '../support/host.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { bigRuleset } from '../support/rulesets.ts';

const SAMPLES = 10;
const RULES = 100;
const CHANGE_EVERY = 10;

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '20000' } } });
const count = Number(values.jobs);
const broker = await Rabbitmq.start();
const client = await TestClient.connect(broker.url);
const host = await TestHost.create({
  brokerUrl: broker.url,
  client,
  backend: 'nft',
  environment: { FLEETWALL_LOG_LEVEL: 'warn' },
});
const rows: string[][] = [
  ['jobs', 'memory, MB', 'open files', 'children', 'namespaces', 'results', 'jobs a second'],
];
try {
  await host.start();
  let since = performance.now();
  for (let number = 1; number <= count; number += 1) {
    const revision = Math.ceil(number / CHANGE_EVERY);
    const ipv4 = bigRuleset(RULES + (revision % 2));
    const { data, subject } = await client.run(host.id, { ruleset: { name: 'big', revision, ipv4 } });
    if (data.failure !== null) throw new Error(`job ${subject}: ${data.failure.message}`);
    client.heard.length = 0;
    if (number % Math.max(1, Math.floor(count / SAMPLES)) !== 0) continue;
    const rate = (count / SAMPLES / (performance.now() - since)) * 1000;
    rows.push([String(number), ...(await held(host)), rate.toFixed(1)]);
    console.error(rows.at(-1)?.join(' | '));
    since = performance.now();
  }
} finally {
  await host.remove();
  await client.close();
  await broker.stop();
}
printTable(rows);

async function held({ pid, stateDir }: TestHost): Promise<string[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
  const files = await readdir(`/proc/${pid}/fd`);
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const { stdout } = await execa('lsns', ['--type', 'net', '--noheadings', '--output', 'NS']);
  const results = await readdir(`${stateDir}/results`);
  return [
    String(Math.round(Number(kilobytes) / 1024)),
    String(files.length),
    String(children.split(' ').filter(Boolean).length),
    String(stdout.split('\n').length),
    String(results.length),
  ];
}
