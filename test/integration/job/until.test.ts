import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RulesetEndedEvent } from '../../../src/contract/events/event.ts';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { rulesetDigest } from '../../../src/ruleset/digest.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import type { TestHost } from '../../support/host.ts';
import { crashesOf } from '../../support/killed-at-step.ts';
import { mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const SKEW = join(import.meta.dirname, '../../support/skew-clock.mjs');
const NONE = { confirm: { mode: 'none' } };
/** A limit that is higher than the number of steps of any end. */
const MOST_STEPS = 80;
const HOUR_MS = 3_600_000;

/** A hook and a rule in each family, which differ in every revision. */
const contentOf = (number: number) => ({
  name: 'edge',
  ipv4: `*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -s 10.1.${number}.7 -j DROP\nCOMMIT\n`,
  ipv6: `*filter\n:edge - [0:0]\n-A FORWARD -j edge\n-A edge -s 2001:db8:${number}::/48 -j DROP\nCOMMIT\n`,
});
const digestOf = (number: number) => rulesetDigest({ scope: 'chains', ...contentOf(number) });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

async function push(host: TestHost, number: number, fields: object = {}, content = number) {
  const client = await fixture.client();
  const ruleset = { ...contentOf(content), revision: number, ...fields };
  const { data } = await client.run(host.id, { ruleset, ...NONE });
  return data;
}

async function control(host: TestHost, fields: object): Promise<void> {
  const client = await fixture.client();
  const { action: _action, confirm: _confirm, ...message } = makeJob(host.id, fields);
  await client.publish(host.id, message, {}, CONTROL_EXCHANGE);
}

const live = async (host: TestHost) =>
  (await host.namespace.save()).match(/10\.1\.\d+\.7|2001:db8:\d+/g) ?? [];
const rulesOf = (number: number) => [`10.1.${number}.7`, `2001:db8:${number}`];

function endsOf(host: TestHost, client: TestClient): RulesetEndedEvent[] {
  return client.heard
    .map(({ event }) => event)
    .filter((event) => event.type === 'fleetwall.ruleset.ended')
    .filter((event) => event.data.hostId === host.id);
}

/** Waits for the end; a moment later there is still only one. */
async function endOf(host: TestHost, client: TestClient): Promise<RulesetEndedEvent> {
  await expect.poll(() => endsOf(host, client).length, { timeout: 30_000 }).toBeGreaterThan(0);
  await expect.poll(async () => await readdir(join(host.stateDir, 'undone'))).toEqual([]);
  const [event, ...others] = endsOf(host, client);
  expect(others).toEqual([]);
  if (event === undefined) throw new Error('there was none');
  return event;
}

/** As a reboot leaves it: no rules, and then what the boot loads, with no worker. */
async function reboot(host: TestHost): Promise<void> {
  const { namespace } = host;
  for (const program of ['iptables', 'ip6tables'])
    for (const flag of ['-F', '-X'])
      await namespace.run(`${program}-${namespace.backend}`, ['-w', '5', flag]);
  await namespace.run('sh', [join(host.stateDir, 'boot/load')]);
}

describe.each(mostlyWith('nft'))('a ruleset that ends, %s', (backend) => {
  it('goes back to the last content without an end, once, over others that were to end and unchanged commits', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    expect(await push(host, 1)).toMatchObject({ outcome: 'applied' });
    expect(await push(host, 2, {}, 1)).toMatchObject({ outcome: 'unchanged' });
    expect(await push(host, 3, { until: inMs(HOUR_MS) })).toMatchObject({ outcome: 'applied' });
    const until = inMs(4_000);
    expect(await push(host, 4, { until })).toMatchObject({
      outcome: 'applied',
      ruleset: { liveRevision: 4, liveDigest: digestOf(4) },
    });
    expect(await live(host)).toEqual(rulesOf(4));
    const since = client.heard.length;
    await control(host, { kind: 'ping' });
    const { event: beat } = await client.event(host.id, 'fleetwall.worker.heartbeat', since);
    expect(beat.data).toMatchObject({ rulesets: [{ name: 'edge', revision: 4, until }] });

    const { data, time } = await endOf(host, client);
    expect(Date.parse(time)).toBeGreaterThanOrEqual(Date.parse(until));
    expect(data).toMatchObject({
      ruleset: { name: 'edge', revision: 4 },
      until,
      liveRevision: 1,
      liveDigest: digestOf(1),
      ok: true,
      failure: null,
      diff: { added: 2, removed: 2 },
    });
    expect(await live(host)).toEqual(rulesOf(1));
    // The highest revision stays.
    expect(await push(host, 3)).toMatchObject({ failure: { code: 'revision_stale' } });
    expect(await push(host, 4)).toMatchObject({
      failure: { code: 'revision_conflict' },
      ruleset: { liveRevision: 1, liveDigest: digestOf(1) },
    });
    const { report } = (await client.run(host.id, { action: 'report' })).data;
    expect(report?.rulesets).toMatchObject([
      { revision: 4, liveRevision: 1, digest: digestOf(1), inSync: true },
    ]);
    // What has ended is no content to go back to either.
    expect(await push(host, 5)).toMatchObject({ outcome: 'applied' });
    const back = await client.run(host.id, {
      action: 'rollback',
      ruleset: { name: 'edge', revision: 6 },
      ...NONE,
    });
    expect(back.data).toMatchObject({ outcome: 'applied', ruleset: { liveDigest: digestOf(1) } });
    expect(await live(host)).toEqual(rulesOf(1));
  });

  it('is removed where there was nothing, and its end waits for an open window', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(host, 1, { until: inMs(4_000) });
    const other = makeJob(host.id, {
      ruleset: { name: 'other', revision: 1, ipv4: '*filter\n:other - [0:0]\n-A other -j DROP\nCOMMIT\n' },
      confirm: { mode: 'manual', timeoutSeconds: 60 },
    });
    await client.publish(host.id, other);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await sleep(5_000);
    expect(await live(host)).toEqual(rulesOf(1));
    await control(host, { kind: 'confirm', jobId: other.id });
    const { data } = await endOf(host, client);
    expect(data).toMatchObject({ ruleset: { revision: 1 }, liveRevision: null, liveDigest: null, ok: true });
    expect(await live(host)).toEqual([]);
    expect(await push(host, 2)).toMatchObject({ outcome: 'applied' });
  });

  it('ends while no worker runs, at the boot and without a broker, and the next worker tells it', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(host, 1);
    const until = inMs(6_000);
    await push(host, 2, { until });
    await host.end();
    await reboot(host);
    expect(await live(host)).toEqual(rulesOf(2));
    await sleep(Math.max(0, Date.parse(until) - Date.now() + 1_000));
    await reboot(host);
    expect(await live(host)).toEqual(rulesOf(1));
    await host.start();
    expect((await endOf(host, client)).data).toMatchObject({
      ruleset: { revision: 2 },
      liveRevision: 1,
      ok: true,
    });
    expect(await live(host)).toEqual(rulesOf(1));
    expect(client.heard.filter(({ event }) => event.type.startsWith('fleetwall.drift.'))).toEqual([]);
  });
});

it('a worker that was away when the time came goes back at its start', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await push(host, 1);
  await push(host, 2, { until: inMs(1_500) });
  await host.end();
  await sleep(2_000);
  expect(await live(host)).toEqual(rulesOf(2));
  await host.start();
  expect((await endOf(host, client)).data).toMatchObject({ liveRevision: 1, ok: true });
  expect(await live(host)).toEqual(rulesOf(1));
});

it('an end that is past, too near or another one is refused', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await push(host, 1);
  expect(await push(host, 2, { until: inMs(-1_000) })).toMatchObject({ outcome: 'expired' });
  const { data } = await client.run(host.id, {
    ruleset: { ...contentOf(2), revision: 2, until: inMs(20_000) },
    confirm: { mode: 'probe', timeoutSeconds: 30 },
  });
  expect(data).toMatchObject({ outcome: 'rejected', failure: { code: 'ruleset_invalid', stage: 'lint' } });
  const until = inMs(HOUR_MS);
  expect(await push(host, 2, { until })).toMatchObject({ outcome: 'applied' });
  // The same time, written otherwise.
  expect(await push(host, 2, { until: until.replace('Z', '+00:00') })).toMatchObject({
    outcome: 'unchanged',
  });
  const conflict = { outcome: 'rejected', failure: { code: 'revision_conflict' } };
  expect(await push(host, 2, { until: inMs(2 * HOUR_MS) })).toMatchObject(conflict);
  expect(await push(host, 2)).toMatchObject(conflict);
  expect(await live(host)).toEqual(rulesOf(2));
});

it.each(['a push', 'an unchanged push', 'a rollback'])('%s before the time ends the wait', async (what) => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await push(host, 1);
  const until = inMs(4_000);
  await push(host, 2, { until });
  let content = 1;
  if (what === 'a rollback') {
    const ruleset = { name: 'edge', revision: 3 };
    const { data } = await client.run(host.id, { action: 'rollback', ruleset, ...NONE });
    expect(data).toMatchObject({ outcome: 'applied', ruleset: { liveDigest: digestOf(1) } });
  } else {
    content = what === 'a push' ? 3 : 2;
    const outcome = what === 'a push' ? 'applied' : 'unchanged';
    expect(await push(host, 3, {}, content)).toMatchObject({ outcome });
  }
  await sleep(Math.max(0, Date.parse(until) - Date.now() + 2_500));
  expect(endsOf(host, client)).toEqual([]);
  expect(await live(host)).toEqual(rulesOf(content));
  await reboot(host);
  expect(await live(host)).toEqual(rulesOf(content));
});

it('the calendar is looked at again when the clock is set, forward and back', async () => {
  const skew = join(process.env['TMPDIR'] ?? '/tmp', `skew-${process.pid}`);
  await writeFile(skew, '0');
  const host = await fixture.host('nft', {
    environment: { NODE_OPTIONS: `--import ${SKEW}`, FLEETWALL_TEST_SKEW_FILE: skew },
  });
  const client = await fixture.client();
  await push(host, 1);
  await push(host, 2, { until: inMs(3_000) });
  await writeFile(skew, String(-HOUR_MS));
  await sleep(5_000);
  expect(endsOf(host, client)).toEqual([]);
  expect(await live(host)).toEqual(rulesOf(2));
  await writeFile(skew, '0');
  await endOf(host, client);
  expect(await live(host)).toEqual(rulesOf(1));
  await push(host, 3, { until: inMs(HOUR_MS) });
  await writeFile(skew, String(2 * HOUR_MS));
  await expect.poll(() => endsOf(host, client).length, { timeout: 30_000 }).toBe(2);
  expect(await live(host)).toEqual(rulesOf(1));
  await rm(skew);
});

it('an end that fails is told with its reason, and tried again until it succeeds', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await push(host, 1);
  await push(host, 2, { until: inMs(2_500) });
  const oks = () => endsOf(host, client).map(({ data }) => data.ok);
  const content = join(host.stateDir, `contents/${digestOf(1).replace('sha256:', '')}.json`);
  await rename(content, `${content}.away`);
  await expect.poll(oks, { timeout: 30_000 }).toEqual([false]);
  await host.logged('A ruleset that is over could not be ended: it is tried again');
  expect(await live(host)).toEqual(rulesOf(2));
  await rename(`${content}.away`, content);
  await expect.poll(oks, { timeout: 60_000 }).toEqual([false, true]);
  const [failed, done] = endsOf(host, client).map(({ data }) => data);
  expect(failed).toMatchObject({ ruleset: { revision: 2 }, liveRevision: 2, liveDigest: digestOf(2) });
  expect(failed?.failure?.code).toBe('state_unavailable');
  expect(done).toMatchObject({ ruleset: { revision: 2 }, liveRevision: 1, failure: null });
  expect(await live(host)).toEqual(rulesOf(1));
});

it('does not end in what the policy of the host does not let packets do, and ends once that may be', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await layGatewayNetwork(host.namespace);
  await push(host, 1);
  await push(host, 2, { until: inMs(2_000) });
  await host.end();
  const policy = join(host.folder, 'policy.yaml');
  // The second revision drops it, and the first does not.
  const test = { name: 'no telnet', from: '10.1.2.7', protocol: 'tcp', port: 23, expect: 'drop' };
  await writeFile(policy, JSON.stringify({ tests: [test] }));
  await host.start({ FLEETWALL_POLICY: policy });
  await expect.poll(() => endsOf(host, client).length, { timeout: 30_000 }).toBe(1);
  expect(endsOf(host, client)[0]?.data).toMatchObject({
    ok: false,
    failure: { code: 'test_failed', tests: [{ name: 'no telnet', expected: 'drop' }] },
  });
  expect(await live(host)).toEqual(rulesOf(2));
  await host.end();
  await host.start();
  await expect.poll(() => endsOf(host, client).at(-1)?.data.ok, { timeout: 30_000 }).toBe(true);
  expect(await live(host)).toEqual(rulesOf(1));
});

it('a worker that is killed at any step of an end, goes back all the same and tells it once', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await host.end();
  const { file: crash, environment } = crashesOf(host);
  let kills = 0;
  let revision = 0;
  for (let step = 1; step < MOST_STEPS; step += 3) {
    await host.start();
    await push(host, ++revision);
    await push(host, ++revision, { until: inMs(1_200) });
    await host.end();
    await writeFile(crash, String(step));
    const before = endsOf(host, client).length;
    host.spawn(environment);
    const gone = host.ended().then(() => true);
    const told = client.event(host.id, 'fleetwall.ruleset.ended', client.heard.length);
    await Promise.race([gone, told]);
    await rm(crash);
    // There are steps after the end was told: whoever answers now was not killed at one of them.
    const isKilled = await Promise.race([gone, client.run(host.id, { action: 'report' }).then(() => false)]);
    if (isKilled) {
      kills += 1;
      await host.start();
    }
    await expect.poll(() => endsOf(host, client).length, { timeout: 30_000 }).toBeGreaterThan(before);
    const ids = new Set(
      endsOf(host, client)
        .slice(before)
        .map(({ id }) => id),
    );
    expect(ids.size).toBe(1);
    expect(endsOf(host, client).at(-1)?.data).toMatchObject({
      ruleset: { revision },
      liveRevision: revision - 1,
      ok: true,
    });
    expect(await live(host)).toEqual(rulesOf(revision - 1));
    const text = await readFile(join(host.stateDir, 'boot/edge.chains.ipv4'), 'utf8');
    expect(text).toContain(`10.1.${revision - 1}.7/32`);
    expect(text).not.toContain(`10.1.${revision}.7/32`);
    await host.end();
    if (!isKilled) break;
  }
  expect(kills).toBeGreaterThan(5);
}, 240_000);
