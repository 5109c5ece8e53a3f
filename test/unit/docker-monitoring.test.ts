import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts';
import { ALL_CAUSES } from '../support/alerts/all-causes.ts';
import { sectionOf } from '../support/alerts/guide.ts';
import { metricsIn, metricsOf } from '../support/metric-names.ts';

const DOCKER = join(import.meta.dirname, '../../docker');
const read = (path: string) => readFileSync(join(DOCKER, path), 'utf8');

/** All metrics that exist: those of a worker, and those that Prometheus adds or makes of them. */
let metrics: Set<string>;

beforeAll(async () => {
  const worker = new WorkerMetrics();
  const facts = { version: '1', backend: 'nft', iptables: '1', kernel: '1', bootId: '1' } as const;
  worker.watch(facts, {
    isConnected: () => true,
    isConsuming: () => true,
    connections: () => 1,
    unconfirmed: () => 0,
    outboxEvents: () => 0,
    jobsWaiting: () => 0,
    runningMs: () => null,
    isUndoOwed: async () => false,
    unready: async () => ({}),
    rulesets: async () => [],
    lists: async () => [],
  });
  metrics = metricsOf(await worker.text());
});

function expectKnown(expression: string): void {
  const asked = metricsIn(expression);
  expect(asked, expression).not.toEqual([]);
  expect(
    asked.filter((name) => !metrics.has(name)),
    expression,
  ).toEqual([]);
}

describe('the files of Prometheus', () => {
  interface Rule {
    alert?: string;
    expr: string;
    labels?: { severity?: string };
    annotations?: Record<string, string>;
  }
  interface Tests {
    tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
  }
  const { groups } = parse(read('prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const { tests } = parse(read('prometheus/alerts.test.yaml')) as Tests;

  it('have each host as a target, where it serves its metrics', () => {
    const { services } = parse(read('compose.yaml'), { merge: true }) as {
      services: Record<string, { command?: string[]; environment?: Record<string, string> }>;
    };
    const hosts = Object.entries(services).filter(([, { command }]) => command?.[0] === 'worker');
    const targets = hosts.map(
      ([name, { environment }]) => `${name}:${environment?.['FLEETWALL_HTTP_ADDRESS']?.split(':')[1]}`,
    );
    const config = parse(read('prometheus/prometheus.yml')) as object;
    expect(config).toMatchObject({ scrape_configs: [{ static_configs: [{ targets }] }] });
  });

  it('ask only for metrics that exist', () => {
    expect(() => expectKnown('sum(fleetwall_job_total{code="x"})')).toThrow('fleetwall_job_total');
    for (const { expr } of rules) expectKnown(expr);
  });

  it('give each alert a severity and a description, and test where it fires and where it does not', () => {
    const tried = tests.flatMap((test) => test.alert_rule_test);
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBeGreaterThan(15);
    for (const { alert = '', labels, annotations } of alerts) {
      expect(labels?.severity, alert).toMatch(/^(critical|warning|info)$/);
      expect(annotations?.['summary'], alert).toBeTruthy();
      expect(annotations?.['description'], alert).toMatch(/\.$/);
      const fired = tried
        .filter((test) => test.alertname === alert)
        .map((test) => test.exp_alerts.length > 0);
      expect(new Set(fired), alert).toEqual(new Set([true, false]));
    }
  });
});

describe('each alert', () => {
  const { groups } = parse(read('prometheus/alerts.yaml')) as {
    groups: { rules: { alert?: string; annotations: Record<string, string> }[] }[];
  };
  const alerts = groups
    .flatMap(({ rules }) => rules)
    .flatMap(({ alert, annotations }) => (alert === undefined ? [] : [{ alert, annotations }]));

  it('leads to the section of the guide that has its name, with what to look at and what to do', async () => {
    for (const { alert, annotations } of alerts) {
      expect(annotations['runbook_url']).toBe(`docker/README-operate.md#${alert.toLowerCase()}`);
      const labels = { instance: 'web-1', ruleset: 'edge', list: 'blocked' };
      const { text } = await sectionOf({ state: 'firing', labels, annotations });
      for (const part of ['Means', 'Look', 'Do']) expect(text, alert).toContain(`**${part}**: `);
    }
  });

  it('is caused on a real fleet by npm run chaos -- alerts', () => {
    expect(ALL_CAUSES.map(({ alert }) => alert).toSorted()).toEqual(
      alerts.map(({ alert }) => alert).toSorted(),
    );
  });
});

describe('the dashboard', () => {
  interface Panel {
    id: number;
    type: string;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    datasource?: { uid: string };
    targets?: { refId: string; expr: string; datasource: { uid: string } }[];
  }
  const text = read('grafana/fleetwall.json');
  const { panels, templating } = JSON.parse(text) as {
    panels: Panel[];
    templating: { list: { name: string; type: string; definition?: string }[] };
  };
  const targets = panels.flatMap((panel) => panel.targets ?? []);
  const queries = templating.list.flatMap(({ definition }) => definition ?? []);

  it('asks only for metrics that exist', () => {
    expect(targets.length).toBeGreaterThan(30);
    for (const { expr } of targets) expectKnown(expr);
    for (const query of queries) {
      const [, expression = ''] = /^label_values\((.*), \w+\)$/.exec(query) ?? [];
      expectKnown(expression);
    }
  });

  it('shows every metric of fleetwall itself', () => {
    const asked = new Set(targets.flatMap(({ expr }) => metricsIn(expr)));
    // Of a histogram one series is enough.
    const shown = [...asked].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    const own = [...metrics].filter((name) => name.startsWith('fleetwall_'));
    expect(own.length).toBeGreaterThan(25);
    expect(shown).toEqual(
      expect.arrayContaining(own.map((name) => name.replace(/_(bucket|sum|count)$/, ''))),
    );
  });

  it('uses each of its variables, and no others', () => {
    const used = [...text.matchAll(/\$\{?([a-z]\w*)\}?/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(templating.list.map(({ name }) => name)));
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      const sources = [panel.datasource, ...(panel.targets ?? []).map((target) => target.datasource)];
      expect(new Set(sources.map((source) => source?.uid)), panel.title).toEqual(new Set([`\${datasource}`]));
    }
  });

  it('has panels with different ids and titles, and none covers another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x} ${y}`), `${title} is over another`).toBeUndefined();
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });

  it('is where Grafana looks for it, and has a data source that exists', () => {
    const { services } = parse(read('compose.yaml'), { merge: true }) as {
      services: Record<string, { volumes?: string[]; environment?: Record<string, string> }>;
    };
    const { volumes = [], environment } = services['grafana'] ?? {};
    const provider = parse(read('grafana/provisioning/dashboards/fleetwall.yaml')) as {
      providers: { options: { path: string } }[];
    };
    const file = `${provider.providers[0]?.options.path}/fleetwall.json`;
    expect(volumes).toContain(`./grafana/fleetwall.json:${file}:ro`);
    expect(environment).toMatchObject({ GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: file });
    const source = parse(read('grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: { url: string; type: string }[];
    };
    expect(source.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    expect(Object.keys(services)).toContain('prometheus');
  });
});
