import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const WINDOW_SECONDS = 3;
const confirm = { mode: 'probe', timeoutSeconds: WINDOW_SECONDS };
const HARMLESS = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';

const LOCK_OUTS = {
  'drops what comes from the broker (INPUT)': {
    ruleset: {
      ipv4: '*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -p tcp --sport 5672 -j DROP\nCOMMIT\n',
    },
  },
  'drops what goes to the broker (OUTPUT)': {
    ruleset: { ipv4: '*filter\n:edge - [0:0]\n-I OUTPUT -j edge\n-A edge -d 10.77.0.1/32 -j DROP\nCOMMIT\n' },
  },
  'refuses what goes to the broker': {
    ruleset: {
      ipv4: '*filter\n:edge - [0:0]\n-I OUTPUT -j edge\n-A edge -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n',
    },
  },
  'drops IPv6, by which the broker is reached': {
    family: 'ipv6',
    ruleset: {
      ipv4: HARMLESS,
      ipv6: '*filter\n:edge - [0:0]\n-I OUTPUT -j edge\n-A edge -d fd77::/64 -j DROP\nCOMMIT\n',
    },
  },
  'lets only established connections live': {
    ruleset: {
      ipv4: `*filter
:edge - [0:0]
-I INPUT -j edge
-I OUTPUT -j edge
-A edge -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A edge -j DROP
COMMIT
`,
    },
  },
  'drops all by its policies': {
    ruleset: {
      scope: 'tables',
      ipv4: '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n',
    },
  },
} as const;

describe.each(mostlyWith('nft'))('a ruleset that locks the host out, %s', (backend) => {
  it.each(Object.entries(LOCK_OUTS))('and %s is taken back', async (_, lockOut) => {
    const { host } = await fixture.linkedHost(backend, 'family' in lockOut ? lockOut.family : 'ipv4');
    const client = await fixture.client();
    await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.9/32', '-j', 'DROP');
    const before = await host.namespace.save();
    const { data } = await client.run(host.id, {
      ruleset: { name: 'edge', revision: 1, ...lockOut.ruleset },
      confirm,
    });
    expect(data).toMatchObject({
      outcome: 'rolled_back',
      changed: false,
      failure: { code: 'probe_failed', stage: 'confirm', retryable: false },
      rollback: { performed: true, reason: 'probe_failed', verified: true },
      ruleset: { liveRevision: null },
    });
    expect(data.failure?.message).toContain('no new connection to the broker worked');
    expect(await host.namespace.save()).toBe(before);
    const harmless = await client.run(host.id, {
      ruleset: { name: 'edge', revision: 1, ipv4: HARMLESS },
      confirm,
    });
    expect(harmless.data.outcome).toBe('applied');
    const awaiting = client.heard.filter(
      ({ event }) => event.type === 'fleetwall.job.awaiting_confirmation' && event.data.hostId === host.id,
    );
    expect(awaiting.map(({ event }) => 'subject' in event && event.subject)).toEqual([harmless.subject]);
  });

  it('is taken back by the watchdog if the worker is killed meanwhile and not started again', async () => {
    const { host } = await fixture.linkedHost(backend);
    const client = await fixture.client();
    const before = await host.namespace.save();
    const { ruleset } = LOCK_OUTS['drops what goes to the broker (OUTPUT)'];
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ...ruleset }, confirm });
    await client.publish(host.id, job);
    await host.logged('Applied: probing');
    expect(await host.namespace.save()).not.toBe(before);
    await host.end('SIGKILL');
    const deadline = Date.now() + 30_000;
    while ((await host.namespace.save()) !== before && Date.now() < deadline) await sleep(100);
    expect(await host.namespace.save()).toBe(before);
    await host.start();
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'worker_restarted', stage: 'confirm' },
      rollback: { performed: true, verified: true },
    });
    expect(client.completions(job.id)).toHaveLength(1);
  });

  it('is not even begun if the broker cannot be reached before', async () => {
    const { host, uplink } = await fixture.linkedHost(backend, 'ipv4', { holdable: true });
    await host.holdNextRestore('rehearsal');
    const client = await fixture.client();
    const before = await host.namespace.save();
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: HARMLESS }, confirm });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await uplink.cut();
    process.kill(restore, 'SIGCONT');
    await host.logged('Job ended');
    expect(await host.namespace.save()).toBe(before);
    await uplink.mend();
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'broker_unreachable', stage: 'host', retryable: true },
      rollback: { performed: false },
    });
    expect(await host.namespace.save()).toBe(before);
  });
});
