/**
 * Shows what becomes of jobs when the broker has a fault: each fault comes in the middle of 200 jobs to three hosts.
 *
 * npm run chaos -- faults [--jobs 200] [--only WORDS]
 */
import { parseArgs } from 'node:util';
import { printTable } from '../bench/support/figures.ts';
import { FaultFleet } from '../support/fault-fleet.ts';
import { FAULTS } from '../support/faults.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '200' }, only: { type: 'string', default: '' } },
});
const rows: string[][] = [['fault', 'jobs', 'one end', 'run twice', 'told again', 'newest live', 'outcomes']];
let isWell = true;
const fleet = await FaultFleet.start();
try {
  for (const { what, harm } of FAULTS.filter((fault) => fault.what.includes(values.only))) {
    const count = await fleet.endure(Number(values.jobs), async () => await harm(fleet));
    const { jobs, ended, runTwice, repeated, newestLive, outcomes } = count;
    const how = Object.entries(outcomes).map(([outcome, number]) => `${number} ${outcome}`);
    rows.push([what, ...[jobs, ended, runTwice, repeated].map(String), `${newestLive} of 3`, how.join(', ')]);
    isWell &&= ended === jobs && runTwice === 0 && newestLive === fleet.hosts.length;
    console.error(rows.at(-1)?.join(' | '));
  }
} finally {
  await fleet.stop();
}
printTable(rows);
process.exitCode = isWell ? 0 : 1;
