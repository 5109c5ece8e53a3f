import { execa } from 'execa';
import { expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();

it('a worker that is killed leaves no program of its own behind', async () => {
  const host = await fixture.host('nft');
  const pids = async () => {
    const { stdout } = await execa('ip', ['netns', 'pids', host.namespace.name]);
    return stdout.split('\n').filter((line) => line !== '');
  };
  // It follows the rules of its namespace there, while it itself is outside.
  await expect.poll(pids).not.toEqual([]);
  await host.end('SIGKILL');
  await expect.poll(pids).toEqual([]);
});
