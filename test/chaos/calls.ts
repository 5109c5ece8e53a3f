/**
 * Lets each call of a worker to the system fail, one at a time, in each action, and looks at what becomes of the job and the host.
 *
 * npm run chaos -- calls [--every 1] [--backend nft] [--only WORDS] [--kind KIND]
 */
import { parseArgs } from 'node:util';
import { printTable } from '../bench/support/figures.ts';
import { TestClient } from '../support/client.ts';
import { ACTIONS, type ActionName, CallTrial } from '../support/failing-calls/call-trial.ts';
import {
  CALL_FAULTS,
  type CallFault,
  type CallKind,
  FailingCalls,
} from '../support/failing-calls/failing-calls.ts';
import { TestHost } from '../support/host.ts';
import type { Backend } from '../support/namespace.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'nft' },
    only: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
  },
});
const every = Number(values.every);
const actions = (Object.keys(ACTIONS) as ActionName[]).filter((name) => name.includes(values.only));
const kinds = (Object.keys(CALL_FAULTS) as CallKind[]).filter((kind) => kind.includes(values.kind));
const rows: string[][] = [['call', 'calls in an action', 'tried', 'reached', 'held']];
const bad: string[] = [];
let told = 0;

const broker = await Rabbitmq.start();
const client = await TestClient.connect(broker.url);
const calls = await FailingCalls.build();
const host = await TestHost.create({
  brokerUrl: broker.url,
  client,
  backend: values.backend as Backend,
  environment: calls.environment,
});
try {
  await host.start();
  const trial = new CallTrial(host, client, calls);
  await trial.prepare();
  for (const kind of kinds) {
    const seen: number[] = [];
    const count = { tried: 0, reached: 0, held: 0 };
    for (const name of actions) {
      const most = await trial.count(name, kind);
      seen.push(most);
      for (const { fault, at } of pointsOf(kind, most)) {
        const what = `${name}, ${kind} ${at} of ${most}, ${fault}`;
        const { hasFailed, end, faults } = await trial.run(name, kind, fault, at);
        count.tried += 1;
        count.reached += Number(hasFailed);
        count.held += Number(faults.length === 0);
        bad.push(...faults.map((found) => `${what}: ${end}: ${found}`));
      }
      console.error(bad.slice(told).join('\n'));
      told = bad.length;
      console.error(`${kind}, ${name}: ${most} calls, ${count.held} of ${count.tried} held`);
    }
    const range = `${Math.min(...seen)} to ${Math.max(...seen)}`;
    rows.push([kind, range, ...[count.tried, count.reached, count.held].map(String)]);
  }
} finally {
  await host.remove();
  await client.close();
  await calls.remove();
  await broker.stop();
}
printTable(rows);
for (const line of bad) console.log(line);
process.exitCode = bad.length === 0 ? 0 : 1;

/** Each fault at each call. */
function pointsOf(kind: CallKind, most: number): { fault: CallFault; at: number }[] {
  const places = Array.from({ length: Math.ceil(most / every) }, (_, index) => 1 + index * every);
  return CALL_FAULTS[kind].flatMap((fault) => places.map((at) => ({ fault, at })));
}
