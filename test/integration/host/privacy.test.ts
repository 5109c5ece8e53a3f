import { chmod, lchown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS } from '../../support/namespace.ts';

const fixture = new Fixture();
const NOBODY = 65_534;
const rules = (...lines: string[]) =>
  ['*filter', ':edge - [0:0]', '-A INPUT -j edge', ...lines, 'COMMIT', ''].join('\n');
const SECRET = '203.0.113.77';

describe('rules', () => {
  it('never leave the host if events are set to have no texts', async () => {
    const host = await fixture.host('nft', { environment: { FLEETWALL_EVENT_TEXT: 'none' } });
    const client = await fixture.client();
    const push = async (fields: object) => (await client.run(host.id, fields)).data;
    const ipv4 = rules(`-A edge -s ${SECRET} -j DROP`);
    const applied = await push({ ruleset: { name: 'edge', revision: 1, ipv4 }, confirm: { mode: 'probe' } });
    expect(applied).toMatchObject({ outcome: 'applied', diff: { added: 2 } });
    expect(applied.diff?.tables[0]).toMatchObject({ added: [], removed: [], truncated: true });
    const bad = rules(`-A edge -s ${SECRET} -p udp --sport NOPE`, `-A edge -s ${SECRET} -p tcp --dport NOPE`);
    const failed = await push({ ruleset: { name: 'edge', revision: 2, ipv4: bad } });
    expect(failed.failure).toMatchObject({ code: 'rule_rejected', stderr: null });
    expect(failed.failure?.lines.map(({ line, text }) => [line, text])).toEqual([
      [4, ''],
      [5, ''],
    ]);
    await push({ action: 'report' });
    await host.namespace.iptables('-A', 'edge', '-s', '203.0.113.78', '-j', 'DROP');
    await client.event(host.id, 'fleetwall.drift.detected');
    // The broker is that of other tests, too.
    const told = client.heard
      .map(({ event }) => JSON.stringify(event))
      .filter((text) => text.includes(host.id));
    expect(told.length).toBeGreaterThan(6);
    expect(told.join('\n')).not.toMatch(/203\.0\.113|NOPE/);
  });

  it.each(BACKENDS)(
    'nor do words of them that a program does not quote, or quotes in quotes: %s',
    async (backend) => {
      const host = await fixture.host(backend, { environment: { FLEETWALL_EVENT_TEXT: 'none' } });
      const client = await fixture.client();
      const said: string[] = [];
      for (const [index, line] of [
        '-m SECRETMATCH -j DROP',
        '-m comment --comment "it\'s SECRET, isn\'t it" -m SECRETMATCH -j DROP',
        '-j SECRETTARGET',
        '-m set --match-set SECRETSET src -j DROP',
        '-m comment --comment "SECRET WORD" -p tcp ! --dport 0:65535 -j DROP',
        '-m comment --comment "SECRET \\"WORD\\"" -p icmp --icmp-type 3/1:2 -j DROP',
        '-m recent --name "SECRET name" --set',
        '-pSECRETPROTO -j DROP',
        '-j LOG --log-prefix=SECRETPREFIXSECRETPREFIXSECRETPREFIX',
        '-m comment --comment "it\'s SECRET" -j QUEUE -g SECRET',
      ].entries()) {
        const { data } = await client.run(host.id, {
          action: 'check',
          ruleset: { name: 'edge', revision: index + 1, ipv4: rules(`-A edge ${line}`) },
        });
        expect(
          data.failure?.lines.map((failed) => failed.line),
          line,
        ).toEqual([4]);
        said.push(JSON.stringify(data.failure));
      }
      const table = '*SECRETTABLE\n:edge - [0:0]\nCOMMIT\n';
      const { data } = await client.run(host.id, {
        action: 'check',
        ruleset: { name: 'edge', revision: 99, ipv4: table },
      });
      expect(data.failure?.lines).toHaveLength(1);
      said.push(JSON.stringify(data.failure));
      expect(said.filter((text) => /secret|word/i.test(text))).toEqual([]);
    },
  );

  it('are written to the log at level debug only', async () => {
    const host = await fixture.host('nft', { environment: { FLEETWALL_LOG_LEVEL: 'info' } });
    const client = await fixture.client();
    await client.run(host.id, {
      ruleset: { name: 'edge', revision: 1, ipv4: rules(`-A edge -s ${SECRET} -j DROP`) },
    });
    for (const line of [`-A edge -s ${SECRET}.1 -j DROP`, `-A edge -s ${SECRET} -j "`, `-X ${SECRET}`]) {
      const { data } = await client.run(host.id, {
        ruleset: { name: 'edge', revision: 2, ipv4: rules(line) },
      });
      expect(data.failure?.lines[0]?.text).toBe(line);
    }
    await host.namespace.iptables('-F', 'edge');
    await client.event(host.id, 'fleetwall.drift.detected');
    expect(await host.log()).not.toContain(SECRET);
  });
});

describe('the folders of a worker', () => {
  it.each([
    ['state', 'FLEETWALL_STATE_DIR'],
    ['run', 'FLEETWALL_RUN_DIR'],
  ])('are not used when others may write to one: %s', async (name, setting) => {
    const host = await fixture.host('nft');
    await host.end();
    const open = join(host.folder, `open-${name}`);
    await mkdir(open);
    await chmod(open, 0o770);
    host.spawn({ [setting]: open });
    expect(await host.ended()).toBe(2);
    expect(await host.log()).toContain(`chmod 700 ${open}`);
  });

  it('have their log written to no file that another user has chosen', async () => {
    const host = await fixture.host('nft');
    await host.end();
    const theirs = join(host.folder, 'theirs');
    const victim = join(host.folder, 'victim');
    await mkdir(theirs);
    await writeFile(victim, 'as it was');
    for (const [link, owner] of [
      [join(theirs, 'log'), theirs],
      [join(host.folder, 'link'), join(host.folder, 'link')],
    ] as const) {
      await symlink(victim, link);
      await lchown(owner, NOBODY, NOBODY);
      host.spawn({ FLEETWALL_LOG_FILE: link });
      expect(await host.ended()).toBe(2);
      expect(await host.log()).toContain(`${owner} belongs to user ${NOBODY}, who could have the log`);
      expect(await readFile(victim, 'utf8')).toBe('as it was');
    }
  });

  it('cannot be read by others, and neither can its log', async () => {
    const host = await fixture.host('nft');
    const file = join(host.folder, 'own.log');
    await host.end();
    const client = await fixture.client();
    const since = client.heard.length;
    host.spawn({ FLEETWALL_LOG_FILE: file });
    await client.event(host.id, 'fleetwall.worker.online', since);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect((await stat(host.stateDir)).mode & 0o777).toBe(0o700);
  });
});
