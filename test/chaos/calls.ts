/**
 * Lets each call of a worker to the system fail, one at a time, in each action, and looks at what becomes of the job and the host.
 *
 * npm run chaos -- calls [--every 1] [--backend nft] [--only WORDS] [--kind KIND]
 */
import { parseArgs } from 'node:util';
import { printTable } from '../bench/support/figures.ts';
import { TestClient } from '../support/client.ts';
import { ACTIONS, type ActionName, CallTrial } from '../support/failing-calls/call-trial.ts';
import { CALL_FAULTS, type CallKind, FailingCalls } from '../support/failing-calls/failing-calls.ts';
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
const actions = (Object.keys(ACTIONS) as ActionName[]).filter((name) => name.includes(values.only));
const kinds = (Object.keys(CALL_FAULTS) as CallKind[]).filter((kind) => kind.includes(values.kind));
const rows: string[][] = [['call', 'calls in an action', 'tried', 'reached', 'held']];
const bad: string[] = [];

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
      for (const fault of CALL_FAULTS[kind]) {
        for (let at = 1; at <= most; at += Number(values.every)) {
          const what = `${name}, ${kind} ${at} of ${most}, ${fault}`;
          const { hasFailed, end, faults } = await trial.run(name, kind, fault, at);
          count.tried += 1;
          if (hasFailed) count.reached += 1;
          if (faults.length === 0) count.held += 1;
          else {
            bad.push(`${what}: ${end}: ${faults.join('; ')}`);
            console.error(bad.at(-1));
          }
        }
      }
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
