import { readdir } from 'node:fs/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();

it('a worker that may open no more files answers jobs with that, and goes on when it may', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const ruleset = { name: 'edge', revision: 1, ipv4: '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n' };
  const before = await host.namespace.save();
  const limit = async (soft: number) =>
    await execa('/usr/bin/prlimit', ['--pid', String(host.pid), `--nofile=${soft}:4096`]);
  // A new file gets the lowest number that is free, and that is not below the limit.
  const open = new Set((await readdir(`/proc/${host.pid}/fd`)).map(Number));
  let free = 0;
  while (open.has(free)) free += 1;
  await limit(free);
  for (let tries = 0; tries < 3; tries += 1) {
    const { data } = await client.run(host.id, { ruleset });
    expect(data).toMatchObject({ outcome: 'failed', changed: false, failure: { retryable: true } });
    expect(data.failure?.message).toMatch(/EMFILE|open files/);
    expect(data.failure?.code).not.toBe('internal');
  }
  expect(await host.namespace.save()).toBe(before);
  await limit(1024);
  expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
});
