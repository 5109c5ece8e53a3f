import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Job } from '../../src/contract/jobs/job.ts';
import { JobLanes } from '../../src/worker/upkeep/job-lanes.ts';
import { makeJob } from '../support/client.ts';

const matching = '*filter\n:edge - [0:0]\n-A edge -m set --match-set fw4.blocked src -j DROP\nCOMMIT\n';
const plain = '*filter\nCOMMIT\n';
const rulesetJob = (name: string, revision: number, ipv4: string) => ({ ruleset: { name, revision, ipv4 } });
const listJob = (name: string) => ({ action: 'list.replace', list: { name, revision: 1, entries: [] } });

/** Lanes, and a log of what was begun and ended, in order. A job ends when it is told to. */
function lanes() {
  const jobs = new JobLanes({ runLists: async () => {}, earlier: async () => [matching] });
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const push = (label: string, fields: object) => {
    const end = new Promise<void>((resolve) => ends.set(label, resolve));
    const done = async () => {
      log.push(`begins ${label}`);
      await end;
      log.push(`ends ${label}`);
      return { outcome: 'failed' as const, disposition: Promise.resolve('acknowledge' as const) };
    };
    const job = Job.parse(makeJob('web-1', fields));
    return jobs.take({ job, run: done, supersede: done, cancel: async () => null, isGone: () => false });
  };
  return { jobs, log, push, end: (label: string) => ends.get(label)?.() };
}

it('a ruleset waits for the jobs of lists that it matches and that came before it, also in one burst', async () => {
  const { jobs, log, push, end } = lanes();
  let ready = () => {};
  jobs.holdRulesets(new Promise<void>((resolve) => (ready = resolve)));
  const all = [push('edge 1', rulesetJob('edge', 1, plain))];
  await sleep(5);
  all.push(push('list', listJob('blocked')), push('edge 2', rulesetJob('edge', 2, matching)));
  ready();
  await sleep(20);
  expect(log).toEqual(['begins list']);
  end('edge 1');
  end('edge 2');
  end('list');
  await Promise.all(all);
  expect(log).toEqual([
    'begins list',
    'ends list',
    'begins edge 2',
    'ends edge 2',
    'begins edge 1',
    'ends edge 1',
  ]);
});

it('a ruleset that waits for a list keeps no other ruleset waiting, and waits for no other list', async () => {
  const { log, push, end } = lanes();
  const all = [push('other list', listJob('other')), push('edge', rulesetJob('edge', 1, matching))];
  await sleep(5);
  expect(log).toEqual(['begins other list', 'begins edge']);
  end('edge');
  await all[1];
  end('other list');
  await all[0];
  log.length = 0;
  all.push(push('list', listJob('blocked')), push('edge 2', rulesetJob('edge', 2, matching)));
  all.push(push('dmz', rulesetJob('dmz', 1, plain)));
  await sleep(5);
  expect(log).toEqual(['begins list', 'begins dmz']);
  for (const label of ['dmz', 'list', 'edge 2']) end(label);
  await Promise.all(all);
  expect(log.slice(-2)).toEqual(['begins edge 2', 'ends edge 2']);
});
