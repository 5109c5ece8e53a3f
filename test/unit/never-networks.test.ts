import { expect, it, vi } from 'vitest';
import { HostsNever } from '../../src/worker/open/never-networks.ts';

const answers = vi.hoisted(() => ({ isSilent: false }));

/** A name server that stops answering: nothing else here makes a look-up take minutes. */
vi.mock('node:dns/promises', () => ({
  lookup: async () =>
    await (answers.isSilent ? new Promise(() => {}) : Promise.resolve([{ address: '192.0.2.7', family: 4 }])),
}));

it('a name server that does not answer keeps nobody waiting, and what it said before counts', async () => {
  const run = async () => ({ exitCode: 0, stdout: '[]', stderr: '', timedOut: false, startError: null });
  const options = { addresses: ['broker.example'], never: [], prefix: [], run: run as never };
  const never = new HostsNever(options);
  expect((await never.read()).names.get('192.0.2.7')).toBe("the broker's address");
  answers.isSilent = true;
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000);
  expect((await never.read()).names.get('192.0.2.7')).toBe("the broker's address");
  expect((await new HostsNever(options).read()).names.has('192.0.2.7')).toBe(false);
}, 20_000);
