import { expect, it } from 'vitest';
import { Job } from '../../src/contract/jobs/job.ts';
import { describeIssue, IN_WORDS } from '../../src/contract/words/describe-issue.ts';
import { parseJob } from '../../src/job/intake/parse-job.ts';
import { makeJob } from '../support/client.ts';

const until = '2099-01-01T00:00:00Z';
const jobWith = (entries: unknown[]) =>
  makeJob('web-1', { action: 'list.replace', list: { name: 'blocked', revision: 1, entries } });
/** More than are read in one piece. */
const many: unknown[] = Array.from({ length: 12_345 }, (_, index) => {
  const entry = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  return index % 2 === 0 ? entry : { entry, until };
});

it('a long list is read as it is in one go', async () => {
  const job = jobWith(many);
  expect(await parseJob(job)).toEqual({ success: true, data: Job.parse(job) });
});

it.each([
  ['a wrong entry', many.with(11_111, { entry: 4 })],
  ['a wrong end', many.with(7_000, { entry: '10.0.0.1', until: 'tomorrow' })],
  ['what is no entry, last', [...many, null]],
])('%s in a long list is named by its place, as in one go', async (_, entries) => {
  const job = jobWith(entries);
  const inOneGo = Job.safeParse(job, IN_WORDS).error?.issues.map(describeIssue);
  expect(inOneGo?.length).toBeGreaterThan(0);
  expect((await parseJob(job)).error?.issues.map(describeIssue)).toEqual(inOneGo);
});

it.each([
  [5, 'is 5, and must be an address or network'],
  [null, 'is null, and must be an address or network'],
  [{ until }, 'is a mapping, and must be an address or network, or a mapping of "entry" to one'],
])('what is no entry is named with what it may be: %j', async (entry, message) => {
  const read = await parseJob(jobWith([entry]));
  expect(read.error?.issues.map(describeIssue)).toEqual([
    expect.stringContaining(`list.entries.0: ${message}`),
  ]);
});

it.each([
  ['nope', 'is "nope", and must be one of apply, check'],
  [null, 'is missing, and must be one of apply, check'],
  [undefined, 'is missing, and must be one of apply, check'],
])('an action that there is not is named: %j', async (action, message) => {
  const read = await parseJob({ ...jobWith([]), action });
  expect(read.error?.issues.map(describeIssue)).toEqual([expect.stringContaining(`action: ${message}`)]);
});

it('what is wrong beside a long list is named once', async () => {
  const job = { ...jobWith(many), apiVersion: 7 };
  expect((await parseJob(job)).error?.issues.map(({ path }) => path)).toEqual([['apiVersion']]);
});
