import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { ALL_KEY, CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import { makeKey } from '../../support/signer.ts';

const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
const fixture = new Fixture();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-look-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** Counts what all hosts are asked with a key. Other tests ask on the same broker, with none or with others. */
async function countAsked(kid: string): Promise<() => Promise<number>> {
  const connection = await connect(inject('brokerUrl'));
  onTestFinished(async () => await connection.close());
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, CONTROL_EXCHANGE, ALL_KEY);
  return async () => {
    let count = 0;
    for (let found = await channel.get(queue); found !== false; found = await channel.get(queue)) {
      channel.ack(found);
      const [head = ''] = found.content.toString().split('.');
      if (Buffer.from(head, 'base64url').toString().includes(`"${kid}"`)) count += 1;
    }
    return count;
  };
}

describe('a command for several hosts', () => {
  it('asks the fleet how it is once before it sends, whatever it has to know of it', async () => {
    const suffix = Math.random().toString(36).slice(2, 8);
    const key = await makeKey(folder, `ops-${suffix}`);
    await chmod(key.file, 0o600);
    const group = `group-${suffix}`;
    const trusted = join(folder, 'trusted.json');
    await writeFile(trusted, JSON.stringify({ keys: [key.publicJwk] }));
    await fixture.host('nft', { environment: { FLEETWALL_GROUPS: group, FLEETWALL_TRUSTED_KEYS: trusted } });
    const asked = await countAsked(key.kid);
    const name = `edge-${suffix}`;
    const whom = ['--group', group, '--yes', '--key', key.file];
    for (const [input, ...args] of [
      [EDGE, 'push', '-', '--name', name, '--confirm', 'none'],
      ['', 'list', 'add', name, '192.0.2.9'],
      ['', 'list', 'remove', name, '192.0.2.9'],
      ['', 'list', 'delete', name, '--confirm', 'none'],
      ['', 'remove', name, '--confirm', 'none'],
    ]) {
      const environment = { FLEETWALL_AMQP_URL: inject('brokerUrl') };
      const { status, stderr } = await fleetwall([...args.map(String), ...whom], {
        input: input ?? '',
        environment,
      });
      expect({ args, status, stderr, asked: await asked() }).toEqual({
        args,
        status: 0,
        stderr: '',
        asked: 1,
      });
    }
  });
});
