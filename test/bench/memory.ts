/**
 * Whether a worker's memory levels off: what it holds after each thousand small jobs, and after jobs of 50,000 rules in a row.
 *
 * npm run bench -- memory [--jobs 10000] [--big 5] [--rules 50000]
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TestClient } from '../support/client.ts';
import { TestHost } from '../support/host.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { bigRuleset } from '../support/rulesets.ts';
import { printTable } from './support/figures.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10000' },
    big: { type: 'string', default: '5' },
    rules: { type: 'string', default: '50000' },
  },
});
const SMALL = 10;
const SAMPLES = 10;
const REST_MS = 60_000;

const broker = await Rabbitmq.start();
const client = await TestClient.connect(broker.url);
const environment = { FLEETWALL_LOG_LEVEL: 'warn' };
const host = await TestHost.create({ brokerUrl: broker.url, client, backend: 'nft', environment });
const rows: string[][] = [['after', 'memory, MiB', 'at most, MiB']];
let revision = 0;
try {
  await host.start();
  await note('the start');
  const jobs = Number(values.jobs);
  for (let number = 1; number <= jobs; number += 1) {
    await push(SMALL + (number % 2));
    if (number % Math.ceil(jobs / SAMPLES) === 0) await note(`${number} jobs of ${SMALL} rules`);
  }
  for (let number = 1; number <= Number(values.big); number += 1) {
    await push(Number(values.rules) + number);
    await note(`job ${number} of ${values.rules} rules`);
  }
  await push(SMALL);
  await sleep(REST_MS);
  await note('one of 10 rules, and a minute of rest');
} finally {
  await host.remove();
  await client.close();
  await broker.stop();
}
printTable(rows);

async function push(rules: number): Promise<void> {
  revision += 1;
  const { data } = await client.run(host.id, { ruleset: { name: 'big', revision, ipv4: bigRuleset(rules) } });
  if (data.failure !== null) throw new Error(data.failure.message);
  client.heard.length = 0;
}

async function note(what: string): Promise<void> {
  const status = await readFile(`/proc/${host.pid}/status`, 'utf8');
  const mebibytes = (field: string) =>
    String(Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024));
  rows.push([what, mebibytes('VmRSS'), mebibytes('VmHWM')]);
  console.error(rows.at(-1)?.join(' | '));
}
