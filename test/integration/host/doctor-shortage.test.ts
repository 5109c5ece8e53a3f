import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { examine, withMounts } from '../../support/doctor.ts';
import { Fixture } from '../../support/fixture.ts';
import { TestNamespace } from '../../support/namespace.ts';

const fixture = new Fixture();
const FILTERED = ['/usr/bin/python3', join(import.meta.dirname, '../../support/without-unshare.py')];
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
let folder: string;
let state: string;
let run: string;
let namespace: TestNamespace;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-doctor-'));
  state = join(folder, 'state');
  run = join(folder, 'run');
  namespace = await TestNamespace.create('nft');
});
afterEach(async () => {
  await namespace.remove();
  await rm(folder, { recursive: true });
});

const environment = (more: Record<string, string> = {}) => ({
  FLEETWALL_HOST_ID: 'web-1',
  FLEETWALL_AMQP_URL: inject('brokerUrl'),
  FLEETWALL_ALLOW_UNSIGNED: 'true',
  FLEETWALL_NETNS: namespace.name,
  FLEETWALL_STATE_DIR: state,
  FLEETWALL_RUN_DIR: run,
  ...more,
});
const tmpfs = (path: string, options: string) =>
  `mkdir -pm 700 ${path}; mount -t tmpfs -o mode=700,${options} none ${path}`;
const fill = (path: string) => `head -c 64M /dev/zero >${path}/full 2>${path}/../full || true`;

describe('doctor says what there is no room for', () => {
  it('when the disk of the state is full, or about to be', async () => {
    const full = await examine(environment(), withMounts(tmpfs(state, 'size=8m'), fill(state)));
    expect(full.status).toBe(1);
    expect(full.of('state', 'failure')).toMatch(
      new RegExp(
        `^no room for ${state}: 0 KiB free, \\d+ files can be made in ${state}, and it takes 4 MiB and 100 files → make room`,
      ),
    );
    const little = await examine(environment(), withMounts(tmpfs(state, 'size=8m')));
    expect(little.of('state', 'failure')).toBe('');
    expect(little.of('state', 'warning')).toContain(`little room for ${state}: 8 MiB free`);
  });

  it('when no more files can be made, when the tmpfs of the run folder is full, and when the folder is not there yet', async () => {
    const files = await examine(environment(), withMounts(tmpfs(state, 'size=200m,nr_inodes=20')));
    expect(files.of('state', 'failure')).toMatch(
      new RegExp(`no room for ${state}: 200 MiB free, 19 files can be made in ${state}`),
    );
    const locks = await examine(environment(), withMounts(tmpfs(run, 'size=64k'), fill(run)));
    expect(locks.of('state', 'failure')).toMatch(new RegExp(`no room for ${run}: 0 KiB free`));
    const above = join(folder, 'disk');
    const later = { FLEETWALL_STATE_DIR: join(above, 'lib/fleetwall') };
    const none = await examine(environment(later), withMounts(tmpfs(above, 'size=1m')));
    expect(none.of('state', 'failure')).toMatch(
      new RegExp(`no room for ${above}/lib/fleetwall: 1 MiB free, \\d+ files can be made in ${above},`),
    );
    expect(none.of('state', 'ok')).toContain(`${above}/lib/fleetwall is not there yet: the worker makes it`);
  });
});

describe('doctor says what a container lacks', () => {
  it('when its root cannot be written', async () => {
    const { status, of } = await examine(environment(), withMounts('mount -o remount,bind,ro /'));
    expect(status).toBe(1);
    expect(of('state', 'failure')).toContain(`${state} cannot be written: EROFS`);
    expect(of('state', 'failure')).toContain(`of a container: --volume ${state}:${state}`);
    expect(of('state', 'failure')).toContain(`${run} cannot be written: EROFS`);
    // What can be looked at all the same.
    expect(of('kernel', 'ok')).toContain('conntrack');
  });

  it('when legacy can have no lock in /run', async () => {
    const enter = ['nsenter', `--net=/run/netns/${namespace.name}`, '--'];
    const { FLEETWALL_NETNS: _, ...own } = environment({ FLEETWALL_BACKEND: 'legacy' });
    const { of } = await examine(own, [...enter, ...withMounts('mount -t tmpfs -o ro none /run')]);
    expect(of('lock', 'failure')).toMatch(
      /\/run\/xtables\.lock cannot be made.*EROFS.*→ have a tmpfs on \/run \(in a container, --tmpfs \/run\)/,
    );
  });

  it('when a filter of system calls forbids what a rehearsal needs', async () => {
    const { status, of } = await examine(environment(), FILTERED);
    expect(status).toBe(1);
    expect(of('rights', 'ok')).toContain('CAP_SYS_ADMIN');
    expect(of('kernel', 'failure')).toMatch(
      /no network namespace can be made.*has CAP_SYS_ADMIN, but a filter of system calls \(seccomp\) is at work/,
    );
  });
});

describe('doctor and the clock', () => {
  /** What the kernel says, without any of the programs that the doctor asks: 5 is not synchronised. */
  async function kernelSays(): Promise<number> {
    const script = 'import ctypes; print(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))';
    return Number((await execa('/usr/bin/python3', ['-c', script])).stdout);
  }

  it('says what the kernel says', async () => {
    const isSynchronised = (await kernelSays()) !== 5;
    const { of } = await examine(environment());
    expect(of('clock', isSynchronised ? 'ok' : 'warning')).toContain(
      isSynchronised ? 'the clock is synchronised (' : 'the clock is not synchronised (',
    );
  });

  it('names the programs that are not there to tell', async () => {
    // The same programs in a folder of links, but for those that could tell.
    const links = [
      tmpfs(join(folder, 'bin'), 'size=8m'),
      `mkdir ${folder}/usr-bin && mount --bind /usr/bin ${folder}/usr-bin`,
      `ln -s ${folder}/usr-bin/* ${folder}/bin/`,
      `rm -f ${folder}/bin/busybox ${folder}/bin/timedatectl ${folder}/bin/ntptime`,
      `mount --bind ${folder}/bin /usr/bin`,
    ];
    const { of } = await examine(environment(), withMounts(...links));
    expect(of('clock', 'warning')).toMatch(
      /nobody can tell.*timedatectl is not installed; adjtimex is not installed; ntptime is not installed; busybox is not installed → .*install the package busybox/,
    );
  });
});

describe('doctor and drift', () => {
  it('tells what is live and was not committed, what is gone, and of boot files that are damaged', async () => {
    const host = await fixture.host('nft', { environment: { FLEETWALL_DRIFT: 'off' } });
    const client = await fixture.client();
    await client.run(host.id, { ruleset: { name: 'edge', revision: 3, ipv4: EDGE } });
    const look = async (more: Record<string, string> = {}) =>
      await examine(
        environment({
          FLEETWALL_HOST_ID: host.id,
          FLEETWALL_NETNS: host.namespace.name,
          FLEETWALL_STATE_DIR: host.stateDir,
          FLEETWALL_RUN_DIR: host.runDir,
          ...more,
        }),
      );
    await host.namespace.iptables('-A', 'edge', '-s', '192.0.2.9', '-j', 'ACCEPT');
    const before = await host.namespace.save();
    const drifted = await look();
    expect(drifted.status).toBe(0);
    expect(drifted.of('drift', 'warning')).toMatch(
      /live of edge revision 3 is not what was committed: rules that others put there: 1, rules that are missing or elsewhere: 0 → push the same/,
    );
    expect(await host.namespace.save()).toBe(before);
    await host.namespace.iptables('-F');
    await host.namespace.iptables('-X', 'edge');
    expect((await look()).of('drift', 'warning')).toContain('nothing of edge revision 3 is live');
    await writeFile(join(host.stateDir, 'boot/edge.chains.ipv4'), 'damaged');
    const damaged = await look();
    expect(damaged.status).toBe(1);
    expect(damaged.of('drift', 'failure')).toContain('the boot files of edge are lost or damaged');
  });
});
