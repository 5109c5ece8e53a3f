import { createPrivateKey, sign as edSign, type JsonWebKey, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { makeKey, type SigningKey, sign } from '../../support/signer.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
const IN_AN_HOUR = () => new Date(Date.now() + 3_600_000).toISOString();

describe('a host that trusts keys', () => {
  let folder: string;
  let host: TestHost;
  let client: TestClient;
  let ed: SigningKey;
  let ec: SigningKey;
  let stranger: SigningKey;
  let keyFile: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-keys-'));
    ed = await makeKey(folder, 'ops-1');
    ec = await makeKey(folder, 'ops-2', 'P-256');
    stranger = await makeKey(folder, 'stranger');
    keyFile = join(folder, 'trusted.json');
    await trust([ed.publicJwk, ec.publicJwk]);
    const environment = {
      FLEETWALL_TRUSTED_KEYS: keyFile,
      FLEETWALL_ALLOW_UNSIGNED: 'false',
      FLEETWALL_GROUPS: 'web',
    };
    host = await fixture.host('nft', { environment });
    client = await fixture.client();
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  async function trust(keys: object[]): Promise<void> {
    await writeFile(keyFile, JSON.stringify({ keys }));
    await chmod(keyFile, 0o644);
  }

  function job(fields: object = {}): { id: string } & Record<string, unknown> {
    return makeJob(host.id, {
      ruleset: { name: 'edge', revision: 1, ipv4: EDGE },
      expiresAt: IN_AN_HOUR(),
      ...fields,
    });
  }

  async function push(body: Buffer, id: string, form: 'compact' | 'general' = 'compact', count = 1) {
    const contentType = form === 'compact' ? 'application/jose' : 'application/jose+json';
    await client.publish(host.id, body, { contentType, messageId: id });
    return (await client.completed(id, count)).data;
  }

  async function pushSigned(fields: object, form: 'compact' | 'general', ...keys: SigningKey[]) {
    const asked = job(fields);
    return await push(await sign(asked, form, ...keys.map(({ file }) => file)), asked.id, form);
  }

  it('refuses a job whose key was taken out while it waited for its turn', async () => {
    const confirm = { mode: 'manual', timeoutSeconds: 600 };
    const first = job({ confirm });
    await client.publish(host.id, await sign(first, 'compact', ed.file), {
      contentType: 'application/jose',
      messageId: first.id,
    });
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    const second = job({ ruleset: { name: 'edge', revision: 2, ipv4: EDGE.replace('.1/', '.2/') } });
    await client.publish(host.id, await sign(second, 'compact', ec.file), {
      contentType: 'application/jose',
      messageId: second.id,
    });
    // For longer than what is taken as it was read.
    await sleep(2_000);
    await trust([ed.publicJwk]);
    const confirmation = {
      ...job(),
      kind: 'confirm',
      jobId: first.id,
      action: undefined,
      ruleset: undefined,
    };
    const signed = await sign(confirmation, 'compact', ed.file);
    await client.publish(host.id, signed, { contentType: 'application/jose' }, CONTROL_EXCHANGE);
    expect((await client.completed(first.id)).data.outcome).toBe('applied');
    expect((await client.completed(second.id)).data).toMatchObject({
      outcome: 'rejected',
      authenticated: false,
      failure: { stage: 'authorise', code: 'signer_not_trusted' },
    });
    expect(await host.namespace.save()).toContain('192.0.2.1/32');
  });

  it('looks at nothing of a header that is not protected', async () => {
    const asked = job();
    const general = JSON.parse((await sign(asked, 'general', ed.file)).toString()) as {
      signatures: Record<string, unknown>[];
    };
    for (const signature of general.signatures) signature['header'] = { kid: 'stranger', x: { y: ['z'] } };
    expect(await push(Buffer.from(JSON.stringify(general)), asked.id, 'general')).toMatchObject({
      outcome: 'applied',
      authenticated: true,
    });
  });

  it('runs what one of them has signed: Ed25519 or P-256, compact or general, one signer or two', async () => {
    const revisions = [
      ['compact', ed],
      ['compact', ec],
      ['general', ed],
      ['general', ed, ec],
      ['general', stranger, ec],
    ] as const;
    for (const [index, [form, ...keys]] of revisions.entries()) {
      const ipv4 = EDGE.replace('192.0.2.1', `192.0.2.${index + 1}`);
      const data = await pushSigned({ ruleset: { name: 'edge', revision: index + 1, ipv4 } }, form, ...keys);
      expect(data).toMatchObject({ outcome: 'applied', authenticated: true });
    }
  });

  it('refuses what is not signed, or by nobody it knows', async () => {
    const unsigned = await client.run(host.id, job());
    expect(unsigned.data).toMatchObject({
      outcome: 'rejected',
      authenticated: false,
      failure: { code: 'signature_missing', stage: 'authorise' },
    });
    expect(await pushSigned({}, 'compact', stranger)).toMatchObject({
      outcome: 'rejected',
      authenticated: false,
      failure: {
        code: 'signer_not_trusted',
        stage: 'authorise',
        message: 'the message is signed, but none of its signers is a key that this host trusts: "stranger"',
      },
    });
    // Another key with the same kid.
    const forged = await makeKey(folder, 'ops-1');
    expect((await pushSigned({}, 'compact', forged)).failure?.code).toBe('signature_invalid');
    expect(await host.namespace.save()).toBe('');
  });

  it('refuses what was altered after it was signed, and other algorithms', async () => {
    const asked = job();
    const jws = (await sign(asked, 'compact', ed.file)).toString();
    const [header, , signature] = jws.split('.');
    const other = Buffer.from(
      JSON.stringify({ ...asked, ruleset: { name: 'edge', revision: 9, ipv4: EDGE } }),
    );
    const altered = Buffer.from([header, other.toString('base64url'), signature].join('.'));
    expect((await push(altered, asked.id)).failure?.code).toBe('signature_invalid');
    for (const alg of ['none', 'HS256', 'ES384', 'RS256']) {
      const { id, ...rest } = job();
      const wrong = Buffer.from(JSON.stringify({ alg, kid: 'ops-1' })).toString('base64url');
      const payload = Buffer.from(JSON.stringify({ id, ...rest })).toString('base64url');
      const body = Buffer.from([wrong, payload, alg === 'none' ? '' : signature].join('.'));
      expect((await push(body, id)).failure?.code).toBe('signature_invalid');
    }
    // A public key must not count as a shared secret.
    const secret = join(folder, 'hmac.jwk');
    const k = Buffer.from(JSON.stringify(ed.publicJwk)).toString('base64url');
    await writeFile(secret, JSON.stringify({ kty: 'oct', k, kid: 'ops-1' }));
    const confused = job();
    const body = await sign(confused, 'compact', secret);
    expect((await push(body, confused.id)).failure?.code).toBe('signature_invalid');
    expect(await host.namespace.save()).toBe('');
  });

  it('refuses what was re-addressed, what is late, and what would be good for ever; a replay changes nothing', async () => {
    const elsewhere = await pushSigned({ target: { hosts: ['another'] } }, 'compact', ed);
    expect(elsewhere).toMatchObject({ action: 'apply', rolloutId: null, authenticated: false });
    expect(elsewhere.failure?.code).toBe('not_addressed');
    const late = await pushSigned({ expiresAt: new Date(Date.now() - 1_000).toISOString() }, 'compact', ed);
    expect(late.outcome).toBe('expired');
    const { expiresAt: _, ...forEver } = job();
    const eternal = await push(await sign(forEver, 'compact', ed.file), forEver.id);
    const denied = { code: 'policy_denied', stage: 'lint' };
    expect(eternal).toMatchObject({ outcome: 'rejected', authenticated: true, failure: denied });
    // That was its end: the id is not good for another job.
    const expiring = { ...forEver, expiresAt: IN_AN_HOUR() };
    await push(await sign(expiring, 'compact', ed.file), forEver.id, 'compact', 2);
    expect(client.completions(forEver.id).map(({ data }) => data.outcome)).toEqual(['rejected', 'rejected']);
    const asked = job();
    const jws = await sign(asked, 'compact', ed.file);
    expect((await push(jws, asked.id)).outcome).toBe('applied');
    const live = await host.namespace.save();
    await push(jws, asked.id, 'compact', 2);
    const [first, second] = client.completions(asked.id);
    expect(second?.id).toBe(first?.id);
    expect(await host.namespace.save()).toBe(live);
  });

  it('lets a key do what it is trusted with, and no more', async () => {
    const hour = 3_600_000;
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const cases: [object, object, string | null][] = [
      [{ actions: ['check'] }, {}, 'is not trusted with "apply"'],
      [{ actions: ['check'] }, { action: 'check' }, null],
      [{ rulesets: ['dmz'] }, {}, 'is not trusted with ruleset edge'],
      [{ rulesets: ['dmz'] }, { action: 'report', ruleset: undefined }, 'is not trusted with ruleset'],
      [{ rulesets: ['edge'] }, { action: 'check' }, null],
      [{ groups: ['db'] }, {}, 'is trusted by hosts of the groups db only'],
      [{ groups: ['db', 'web'] }, { action: 'check' }, null],
      [{ notBefore: at(hour) }, {}, 'is trusted from'],
      [{ notAfter: at(-hour) }, {}, 'was trusted until'],
      [{ notBefore: at(-hour), notAfter: at(hour) }, { action: 'check' }, null],
    ];
    for (const [limits, fields, refusal] of cases) {
      // The file is read again without a restart.
      await trust([{ ...ed.publicJwk, fleetwall: limits }]);
      const data = await pushSigned(fields, 'compact', ed);
      expect(data.failure?.code ?? null).toBe(refusal === null ? null : 'signer_not_trusted');
      if (refusal !== null) expect(data.failure?.message).toContain(refusal);
    }
  });

  it('trusts nobody once the file is wrong, or others may write it', async () => {
    await chmod(keyFile, 0o666);
    expect((await pushSigned({}, 'compact', ed)).failure?.code).toBe('signer_not_trusted');
    await host.logged('Trusted keys cannot be read');
    await trust([ed.publicJwk]);
    expect((await pushSigned({}, 'compact', ed)).outcome).toBe('applied');
  });

  it('demands as many different signers as its policy wants', async () => {
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, 'signatures: {rulesets: [{names: ["ed*"], signers: 2}], withoutExpiry: true}\n');
    await host.end();
    await host.start({ FLEETWALL_POLICY: policy });
    expect((await pushSigned({}, 'compact', ed)).failure?.code).toBe('signature_missing');
    expect((await pushSigned({}, 'general', ed, ed)).failure?.code).toBe('signature_missing');
    expect((await pushSigned({}, 'general', ed, stranger)).failure?.code).toBe('signature_missing');
    expect((await pushSigned({ action: 'check' }, 'compact', ed)).outcome).toBe('checked');
    const other = { name: 'dmz', revision: 1, ipv4: EDGE.replaceAll('edge', 'dmz') };
    expect((await pushSigned({ ruleset: other }, 'compact', ed)).outcome).toBe('applied');
    expect((await pushSigned({ expiresAt: undefined }, 'general', ed, ec)).outcome).toBe('applied');
    // A signer whose key does not allow the action does not count.
    await trust([ed.publicJwk, { ...ec.publicJwk, fleetwall: { actions: ['check'] } }]);
    const again = { ruleset: { name: 'edge', revision: 2, ipv4: EDGE } };
    expect((await pushSigned(again, 'general', ed, ec)).failure?.code).toBe('signature_missing');
  });

  it('takes no extension of JWS, in no signature', async () => {
    const asked = job();
    const payload = Buffer.from(JSON.stringify(asked));
    const privateKey = createPrivateKey({
      key: JSON.parse(await readFile(ed.file, 'utf8')) as JsonWebKey,
      format: 'jwk',
    });
    // RFC 7797: what is signed are the bytes themselves, which are also what another signature has as base64url.
    const spelled = payload.toString('base64url');
    const signed = async (header: object, text: string) => {
      const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
      const signature = edSign(null, Buffer.from(`${protectedHeader}.${text}`), privateKey);
      return { protected: protectedHeader, signature: signature.toString('base64url') };
    };
    const plain = await signed({ alg: 'EdDSA', kid: 'ops-1' }, spelled);
    const extended = [
      { alg: 'EdDSA', kid: 'ops-1', b64: false, crit: ['b64'] },
      { alg: 'EdDSA', kid: 'ops-1', b64: true, crit: ['b64'] },
      { alg: 'EdDSA', kid: 'nobody', crit: ['exp'], exp: 1 },
    ];
    for (const header of extended) {
      const signatures = [plain, await signed(header, spelled)];
      for (const those of [signatures, signatures.toReversed()]) {
        const body = Buffer.from(JSON.stringify({ payload: spelled, signatures: those }));
        const data = await push(body, randomUUID(), 'general');
        expect(data.failure?.code).toBe('signature_invalid');
      }
    }
    const body = Buffer.from(JSON.stringify({ payload: spelled, signatures: [plain] }));
    expect((await push(body, asked.id, 'general')).outcome).toBe('applied');
  });

  it('lets nobody answer a job who may not ask for it: a key of other rulesets, or one signer of two', async () => {
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, 'signatures: {rulesets: [{names: ["edge"], signers: 2}]}\n');
    await host.end();
    await host.start({ FLEETWALL_POLICY: policy });
    await trust([ed.publicJwk, ec.publicJwk, { ...stranger.publicJwk, fleetwall: { rulesets: ['dmz'] } }]);
    const asked = job({ confirm: { mode: 'manual', timeoutSeconds: 60 } });
    const body = await sign(asked, 'general', ed.file, ec.file);
    const general = { contentType: 'application/jose+json' };
    await client.publish(host.id, body, { ...general, messageId: asked.id });
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    // Other tests ask all hosts of this broker how they are, unsigned.
    const sent: string[] = [];
    const answer = async (kind: string, ...keys: SigningKey[]) => {
      const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
      const message = { id, apiVersion, issuedAt, target, kind, jobId: asked.id };
      const signed = await sign(message, 'general', ...keys.map(({ file }) => file));
      sent.push(String(id));
      await client.publish(host.id, signed, { ...general, messageId: String(id) }, CONTROL_EXCHANGE);
    };
    const refused = async (count: number) =>
      await expect
        .poll(async () => {
          const lines = (await host.log())
            .split('\n')
            .filter((line) => line.includes('Control message was refused'));
          return lines.filter((line) => sent.some((id) => line.includes(id))).length;
        })
        .toBe(count);
    await answer('abort', stranger);
    await refused(1);
    await answer('confirm', ed);
    await refused(2);
    await answer('abort', ed, stranger);
    await refused(3);
    expect(client.completions(asked.id)).toEqual([]);
    await answer('confirm', ed, ec);
    expect((await client.completed(asked.id)).data.outcome).toBe('applied');
  });

  it('is online also for whoever cannot ask it, as it beats; and silent once it is dead', async () => {
    const status = async () =>
      await fleetwall(['status', '--host', host.id], {
        environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
      });
    const alive = await status();
    expect(alive).toMatchObject({ status: 0, stdout: expect.stringContaining('1 host: 1 online') as string });
    expect(alive.stderr).toContain(
      `${host.id} beats, but has not answered: a host that trusts keys takes no question`,
    );
    await host.end('SIGKILL');
    const dead = await status();
    expect(dead).toMatchObject({ status: 4, stderr: '' });
    expect(dead.stdout).toContain('1 host: 1 silent');
  });

  it('is silent to whoever may ask it, where its worker hangs', async () => {
    const status = async (key: SigningKey) =>
      await fleetwall(['status', '--host', host.id, '--key', key.file], {
        environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
      });
    for (const { file } of [ed, stranger]) await chmod(file, 0o600);
    expect(await status(ed)).toMatchObject({ status: 0, stderr: '' });
    const wrong = await status(stranger);
    expect(wrong).toMatchObject({ status: 4, stdout: expect.stringContaining('1 host: 1 silent') as string });
    process.kill(host.pid, 'SIGSTOP');
    const {
      status: exitStatus,
      stdout,
      stderr,
    } = await status(ed).finally(() => process.kill(host.pid, 'SIGCONT'));
    expect(exitStatus).toBe(4);
    expect(stdout).toContain('1 host: 1 silent');
    expect(stderr).toMatch(
      new RegExp(`^${host.id} has not answered \\(last heard of \\d+ s ago\\), but the broker still`),
    );
  });

  it('hears only signed control messages', async () => {
    const confirm = { mode: 'manual', timeoutSeconds: 60 };
    const asked = job({ confirm });
    await client.publish(host.id, await sign(asked, 'compact', ed.file), {
      contentType: 'application/jose',
      messageId: asked.id,
    });
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
    const no = { id, apiVersion, issuedAt, target, kind: 'abort', jobId: asked.id };
    await client.publish(host.id, no, {}, CONTROL_EXCHANGE);
    await host.logged('Control message was refused');
    const yes = await sign({ ...no, kind: 'confirm' }, 'compact', ec.file);
    await client.publish(host.id, yes, { contentType: 'application/jose' }, CONTROL_EXCHANGE);
    expect((await client.completed(asked.id)).data).toMatchObject({
      outcome: 'applied',
      authenticated: true,
    });
  });

  it.each([
    ['a private key', async () => await trust([{ ...ed.publicJwk, d: 'secret' }]), 'is a private key'],
    [
      'a key of another kind',
      async () => await trust([{ kty: 'RSA', kid: 'x', n: 'AQAB', e: 'AQAB' }]),
      'must be a public',
    ],
    [
      'two keys of one name',
      async () => await trust([ed.publicJwk, ed.publicJwk]),
      'two keys with the kid ops-1',
    ],
    [
      'one key under two names',
      async () => await trust([ed.publicJwk, { ...ed.publicJwk, kid: 'twin' }]),
      'under another kid',
    ],
    [
      'one key under two names, written in another way',
      async () =>
        await trust([ed.publicJwk, { ...ed.publicJwk, x: `${String(ed.publicJwk['x'])}=`, kid: 'twin' }]),
      'under another kid',
    ],
    ['rights for others', async () => await chmod(keyFile, 0o646), 'chmod go-w'],
  ])('does not start with %s', async (_, harm, message) => {
    await host.end();
    await harm();
    host.spawn();
    expect(await host.ended()).toBe(2);
    expect(await host.log()).toContain(message);
  });
});
