import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished } from 'vitest';
import { markdownFile } from '../../support/documents.ts';
import { Fixture } from '../../support/fixture.ts';
import { makeKey } from '../../support/signer.ts';

const fixture = new Fixture();
const CONTRACT = await markdownFile('src/contract/README.md');

/** The text between two lines of a page. */
function blockAfter(opening: string): string {
  const [, rest = ''] = CONTRACT.text.split(`\n${opening}\n`);
  return rest.slice(0, rest.indexOf('\n```\n') + 1);
}

it('the client of the contract in Python signs a job, hears how it ended, and shows the failing line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleetwall-python-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const key = await makeKey(folder, 'ops');
  const trusted = join(folder, 'trusted.json');
  await writeFile(trusted, JSON.stringify({ keys: [key.publicJwk] }));
  await chmod(trusted, 0o644);
  const environment = { FLEETWALL_TRUSTED_KEYS: trusted, FLEETWALL_ALLOW_UNSIGNED: 'false' };
  const host = await fixture.host('nft', { environment });
  const script = join(folder, 'push.py');
  await writeFile(script, blockAfter('```python'));
  const push = async (hostId: string, revision: number, rules: string) => {
    // The Python of the system, as pika and jwcrypto are Debian packages.
    const args = [script, inject('brokerUrl'), hostId, key.file, 'mine', String(revision)];
    const { stdout, stderr, exitCode } = await execa('/usr/bin/python3', args, {
      input: rules,
      reject: false,
    });
    return { said: stdout || stderr, exitCode };
  };

  const { ruleset } = JSON.parse(blockAfter('```json')) as { ruleset: { ipv4: string } };
  const good = ruleset.ipv4.replace('22222222', '22');
  expect(await push(host.id, 1, good)).toEqual({ said: `${host.id}: applied`, exitCode: 0 });
  expect(await host.namespace.save()).toContain('-A mine -p tcp -m tcp --dport 22 -j DROP');

  const [, shown = ''] = /^\$ python3 push\.py .*\n([^]*?)\n```$/m.exec(CONTRACT.text) ?? [];
  const failed = await push(host.id, 2, ruleset.ipv4);
  expect(failed).toEqual({ said: shown.replace('web-2', host.id), exitCode: 1 });
  expect(failed.said).toContain('ipv4 line 4: ');

  expect(await push('nobody', 1, good)).toEqual({
    said: 'nobody is not there: no queue is bound for it',
    exitCode: 1,
  });
});
