import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';

describe('keys', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-keys-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  async function generate(kid: string, algorithm: string): Promise<Record<string, unknown>> {
    const { stdout, status } = await fleetwall([
      'keys',
      'generate',
      at(kid),
      '--kid',
      kid,
      '--algorithm',
      algorithm,
    ]);
    expect(status).toBe(0);
    const { keys } = JSON.parse(stdout) as { keys: Record<string, unknown>[] };
    return keys[0] ?? {};
  }

  async function signedJob(fields: object, ...kids: string[]): Promise<{ id: string; jws: string }> {
    const job = makeJob('web-1', {
      ruleset: { name: 'edge', revision: 1, ipv4: EDGE },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      ...fields,
    });
    const keys = kids.flatMap((kid) => ['--key', at(kid)]);
    const { stdout, status } = await fleetwall(['keys', 'sign', '-', ...keys], {
      input: JSON.stringify(job),
    });
    expect(status).toBe(0);
    return { id: job.id, jws: stdout };
  }

  it('are made, sign, are verified by others and by a host', async () => {
    const publicKeys = [await generate('ops', 'EdDSA'), await generate('second', 'ES256')];
    expect(publicKeys.flatMap((key) => Object.keys(key))).not.toContain('d');
    expect((await stat(at('ops'))).mode & 0o777).toBe(0o600);
    const trusted = at('trusted.json');
    await writeFile(trusted, JSON.stringify({ keys: publicKeys }));

    const host = await fixture.host('nft', {
      environment: { FLEETWALL_TRUSTED_KEYS: trusted, FLEETWALL_ALLOW_UNSIGNED: 'false' },
    });
    const client = await fixture.client();
    const one = await signedJob({ target: { hosts: [host.id] } }, 'ops');
    await client.publish(host.id, Buffer.from(one.jws), {
      contentType: 'application/jose',
      messageId: one.id,
    });
    expect((await client.completed(one.id)).data).toMatchObject({ outcome: 'applied', authenticated: true });

    // Two who sit in different places, one after the other.
    const first = await signedJob({}, 'second');
    const both = await fleetwall(['keys', 'sign', '-', '--key', at('ops')], { input: first.jws });
    const verified = await fleetwall(['keys', 'verify', '-', '--trusted', trusted], { input: both.stdout });
    expect(verified).toMatchObject({ status: 0, stderr: 'signed by second, ops' });
    expect(JSON.parse(verified.stdout)).toMatchObject({ id: first.id });

    // By another program than ours.
    await writeFile(at('ops.pub'), JSON.stringify(publicKeys[0]));
    await writeFile(at('one.jws'), one.jws);
    const check =
      'import sys\nfrom jwcrypto import jwk, jws\nt = jws.JWS()\nt.deserialize(open(sys.argv[2]).read())\nt.verify(jwk.JWK.from_json(open(sys.argv[1]).read()))\nprint("verified")';
    const { stdout } = await execa('/usr/bin/python3', ['-c', check, at('ops.pub'), at('one.jws')]);
    expect(stdout).toBe('verified');
  });

  it('that do not fit are refused', async () => {
    const key = await generate('ops', 'EdDSA');
    await generate('other', 'EdDSA');
    const trusted = at('trusted.json');
    await writeFile(trusted, JSON.stringify({ keys: [{ ...key, fleetwall: { actions: ['check'] } }] }));
    const { jws } = await signedJob({}, 'other');
    const stranger = await fleetwall(['keys', 'verify', '-', '--trusted', trusted], { input: jws });
    expect(stranger.status).toBe(1);
    expect(stranger.stderr).toMatch(/^signer_not_trusted: /);
    const list = await fleetwall(['keys', 'list', trusted]);
    expect(list.stdout).toBe('ops  EdDSA  actions: check');
    const again = await fleetwall(['keys', 'generate', at('ops'), '--kid', 'ops']);
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain('is there already');
    await chmod(at('ops'), 0o640);
    const loose = await fleetwall(['keys', 'sign', '-', '--key', at('ops')], { input: '{}' });
    expect(loose.status).toBe(2);
    expect(loose.stderr).toContain('chmod 600');
    await writeFile(at('broken'), '{"d": "s3cret', { mode: 0o600 });
    const broken = await fleetwall(['keys', 'sign', '-', '--key', at('broken')], { input: '{}' });
    expect(broken.status).toBe(2);
    expect(broken.stderr).not.toContain('s3cret');
    const nonsense = await fleetwall(['keys', 'sign', '-', '--key', at('other')], { input: '{"id": 1}' });
    expect(nonsense).toMatchObject({ status: 2 });
    expect(nonsense.stderr).toContain('is neither a job nor a signed one');
    for (const { stdout, stderr } of [loose, broken, nonsense]) {
      expect(`${stdout}${stderr}`).not.toContain(JSON.parse(await readFile(at('other'), 'utf8')).d);
    }
  });

  it('are put beside others and taken out again, and two files are compared by more than names', async () => {
    const [first, second] = [await generate('first', 'EdDSA'), await generate('second', 'ES256')];
    const [file, more] = [at('trusted.json'), at('more.json')];
    await writeFile(file, JSON.stringify({ keys: [{ ...first, use: 'sig' }], issuer: 'us' }), {
      mode: 0o640,
    });
    await writeFile(more, JSON.stringify({ keys: [{ ...second, fleetwall: { groups: ['web'] } }] }));
    const compared = async (...files: string[]) => await fleetwall(['keys', 'list', ...files]);
    expect((await compared(file, more)).stdout).toBe(
      '-  first   EdDSA  trusted with everything\n+  second  ES256  groups: web',
    );
    expect(await fleetwall(['keys', 'add', file, more])).toMatchObject({ status: 0, stderr: 'added second' });
    expect(await fleetwall(['keys', 'add', file, more])).toMatchObject({ stderr: 'it has them already' });
    expect((await compared(more, file)).stdout).toBe('+  first  EdDSA  trusted with everything');
    expect((await compared(file, file)).stdout).toBe('both have the same keys, trusted with the same');
    // What is not ours stays, and so do the rights of the file.
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      issuer: 'us',
      keys: [{ use: 'sig' }, {}],
    });
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    const before = await readFile(file, 'utf8');
    await writeFile(
      more,
      JSON.stringify({ keys: [{ ...(await generate('third', 'EdDSA')), kid: 'first' }] }),
    );
    expect((await compared(file, more)).stdout).toContain('another key under this name');
    const twice = await fleetwall(['keys', 'add', file, more]);
    expect(twice).toMatchObject({
      status: 2,
      stderr: `fleetwall: ${file}: there are two keys with the kid first`,
    });
    expect(await readFile(file, 'utf8')).toBe(before);
    expect((await fleetwall(['keys', 'remove', file, 'nobody'])).stderr).toContain('there is no key nobody');
    expect(await fleetwall(['keys', 'remove', file, 'first'])).toMatchObject({
      status: 0,
      stderr: 'removed first',
    });
    const last = await fleetwall(['keys', 'remove', file, 'second']);
    expect(last.status).toBe(2);
    expect(last.stderr).toContain('second is the only key: put its successor there first');
    expect((await compared(file)).stdout).toBe('second  ES256  groups: web');
  });
});
