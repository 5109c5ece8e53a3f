import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { hostJobsQueue } from '../../../src/contract/words/names.ts';
import { fleetwall } from '../../support/command-line.ts';
import { ComposeFleet, DOCKER } from '../../support/compose-fleet.ts';
import { documentedBlock } from '../../support/document-blocks.ts';
import { metricsIn, metricsOf } from '../../support/metric-names.ts';
import { Prometheus } from '../../support/prometheus.ts';

const EDGE =
  '*filter\n:edge-in - [0:0]\n-A INPUT -j edge-in\n-A edge-in -p tcp --dport 22 -j ACCEPT\nCOMMIT\n';
const read = async (path: string) => await readFile(join(DOCKER, path), 'utf8');

interface Panel {
  title: string;
  targets?: { refId: string; expr: string }[];
}
/** The queries of all panels of the dashboard, for all hosts and rulesets, with the variables of Grafana filled in. */
async function dashboardQueries(): Promise<{ name: string; expr: string }[]> {
  const { panels } = JSON.parse(await read('grafana/fleetwall.json')) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({
      name: `${title} ${refId}`,
      expr: expr
        .replaceAll('$instance', '.*')
        .replaceAll('$ruleset', '.*')
        .replaceAll('$__rate_interval', '1m'),
    })),
  );
}

describe('the definitions of the broker', () => {
  /** Definitions without the hashes of passwords: the same password has another hash each time. */
  const withoutHashes = (text: string) =>
    JSON.parse(text, (key, value: unknown) => (key === 'password_hash' ? null : value)) as unknown;

  it('are what the command in the README makes', async () => {
    const block = await documentedBlock(
      'docker/README.md',
      'fleetwall provision --hosts rabbitmq/hosts --operator central --reader wall --vhost fleet --passwords rabbitmq/passwords --definitions >rabbitmq/definitions.json',
    );
    const [, line = ''] = /^fleetwall (.*) >rabbitmq\/definitions\.json$/m.exec(block) ?? [];
    const args = line.split(' ').map((arg) => (arg.startsWith('rabbitmq/') ? join(DOCKER, arg) : arg));
    const { stdout, status } = await fleetwall(args);
    expect(status).toBe(0);
    expect(withoutHashes(await read('rabbitmq/definitions.json'))).toEqual(withoutHashes(stdout));
  });

  it('have each user log in by its demo password', async () => {
    const { users } = JSON.parse(await read('rabbitmq/definitions.json')) as {
      users: { name: string; password_hash: string }[];
    };
    for (const { name, password_hash: hash } of users) {
      const password = (await read(`rabbitmq/passwords/${name}`)).trim();
      expect(password).toContain('demo');
      const [salt, digest] = [
        Buffer.from(hash, 'base64').subarray(0, 4),
        Buffer.from(hash, 'base64').subarray(4),
      ];
      expect(createHash('sha256').update(salt).update(password).digest()).toEqual(digest);
    }
  });
});

describe('promtool', () => {
  const promtool = async (...args: string[]) =>
    await execa('promtool', args, { cwd: join(DOCKER, 'prometheus'), reject: false, all: true });

  it.each([
    ['takes the configuration', ['check', 'config', 'prometheus.yml']],
    ['takes the rules', ['check', 'rules', 'alerts.yaml']],
    ['sees each alert fire where it should, and only there', ['test', 'rules', 'alerts.test.yaml']],
  ])('%s', async (_, args) => {
    const { exitCode, all } = await promtool(...args);
    expect(exitCode, all).toBe(0);
  });

  it('accepts the queries of the dashboard', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-dashboard-'));
    const rules = (await dashboardQueries()).map(({ expr }, index) => ({ record: `panel:${index}`, expr }));
    const file = join(folder, 'rules.yaml');
    await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { exitCode, all } = await promtool('check', 'rules', file);
    expect(exitCode, all).toBe(0);
    expect(all).toContain(`${rules.length} rules found`);
    await rm(folder, { recursive: true });
  });
});

describe('the fleet of the compose file', () => {
  let fleet: ComposeFleet;
  let prometheus: Prometheus;

  beforeAll(async () => {
    fleet = await ComposeFleet.start();
    prometheus = await Prometheus.start(join(DOCKER, 'prometheus'), fleet.targets);
  });
  afterAll(async () => {
    await prometheus.stop();
    await fleet.stop();
  });

  it('has a broker with its plugins and limits', async () => {
    const answer = await fetch(`http://127.0.0.1:${fleet.ports.management}/api/overview`, {
      headers: { authorization: `Basic ${btoa('guest:guest')}` },
    });
    expect(answer.status).toBe(200);
    const stream = connectSocket(fleet.ports.stream, '127.0.0.1');
    await once(stream, 'connect');
    stream.destroy();
    for (const [setting, value] of [
      ['consumer_timeout', 86_400_000],
      ['max_message_size', 16_777_216],
      ['heartbeat', 30],
    ]) {
      await fleet.broker.ctl('eval', `{ok, ${value}} = application:get_env(rabbit, ${setting}).`);
    }
  });

  it('has users who may log in to their vhost only, and hosts that may read their own jobs only', async () => {
    // If the broker closes a connection that is being opened, amqplib does not repeat its reason.
    await expect(connect(await fleet.urlOf('db-1', '%2F'))).rejects.toThrow('ConnectionClose');
    const connection = await connect(await fleet.urlOf('db-1'));
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    const closed = once(channel, 'error');
    await expect(channel.consume(hostJobsQueue('web-1'), () => {})).rejects.toThrow('ACCESS_REFUSED');
    expect(String(await closed)).toContain('ACCESS_REFUSED');
    await connection.close();
    const { stdout } = await fleet.client(['status', '--json']);
    for (const host of fleet.hosts.keys()) expect(stdout).toContain(`"${host}"`);
  });

  it('keeps its key when it is asked for one again', async () => {
    const keys = await fleet.makeKeys();
    expect(await fleet.makeKeys()).toBe(keys);
    expect(JSON.parse(keys)).toMatchObject({ keys: [{ kid: 'central' }] });
    expect(keys).not.toContain('"d"');
  });

  it('runs the jobs that its client sends', async () => {
    const push = async (...args: string[]) =>
      await fleet.client(['push', '-', '--name', 'edge', ...args, '--yes', '--json'], EDGE);
    const { status, stdout } = await push('--all');
    expect(stdout).toContain('"summary":{"applied":3}');
    expect(status).toBe(0);
    for (const host of fleet.hosts.values()) {
      expect(await host.namespace.run('iptables-save', [])).toContain('--dport 22 -j ACCEPT');
    }
    const bad = await fleet.client(
      ['push', '-', '--name', 'edge', '--host', 'web-2', '--json'],
      EDGE.replace('22', '99999'),
    );
    expect(bad.stdout).toContain('rule_rejected');
    const listed = await fleet.client(['list', 'add', 'blocked', '203.0.113.9', '--all', '--yes']);
    expect(listed.stdout).toContain('on 3 hosts');
  });

  it('is scraped by Prometheus, and no alert fires', async () => {
    const valueOf = async (expression: string) => Number((await prometheus.query(expression))[0]?.value[1]);
    await expect
      .poll(() => valueOf('sum(fleetwall_ruleset_revision{ruleset="edge"})'), { timeout: 30_000 })
      .toBe(3);
    const seen = await prometheus.query('fleetwall_broker_consuming == 1');
    expect(new Set(seen.map(({ metric }) => metric['instance']))).toEqual(new Set(fleet.hosts.keys()));
    const rules = await prometheus.rules();
    await expect
      .poll(async () => (await prometheus.rules()).filter(({ health }) => health === 'ok').length)
      .toBe(rules.length);
    expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  it('serves each metric that a rule or a panel asks for', async () => {
    const { groups } = parse(await read('prometheus/alerts.yaml')) as {
      groups: { rules: { expr: string }[] }[];
    };
    const asked = [...groups.flatMap(({ rules }) => rules), ...(await dashboardQueries())];
    const served = metricsOf(await (await fetch(`http://${[...fleet.targets.values()][0]}/metrics`)).text());
    const missing = asked.flatMap(({ expr }) => metricsIn(expr)).filter((name) => !served.has(name));
    expect(missing).toEqual([]);
  });

  it('has data for each panel of the dashboard about something that happened', async () => {
    const queries = await dashboardQueries();
    const empty = async () => {
      const answers = await Promise.all(queries.map(async ({ expr }) => await prometheus.query(expr)));
      return queries.filter((_, index) => answers[index]?.length === 0).map(({ name }) => name);
    };
    // The other panels show hosts that would fail, rulesets that could not be ended, alerts, and failures of iptables on live rules.
    await expect
      .poll(empty, { timeout: 60_000, interval: 500 })
      .toEqual([
        'Jobs that did not end well, by code E',
        'Jobs that did not end well, by code D',
        'Firing alerts A',
        'Calls that failed A',
      ]);
  });
});
