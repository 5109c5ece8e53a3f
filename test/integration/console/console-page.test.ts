import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventsAnswer } from '../../../src/console/api/events.ts';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { type RolloutEvent, rolloutKey } from '../../../src/contract/rollouts/rollout-events.ts';
import { ROLLOUT_EXAMPLES } from '../../../src/contract/schema/operator-examples.ts';
import { EVENTS_EXCHANGE, eventKey, OPERATOR_EXCHANGE } from '../../../src/contract/words/names.ts';
import { accessibilityFaults, expectFits, openBrowser, openPage } from '../../support/browser.ts';
import { TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { TestConsole } from '../../support/console.ts';
import { driftEventOf, jobEventOf, workerEventOf } from '../../support/example-events.ts';
import { TestHost } from '../../support/host.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
/** Run in the page. */
const COUNT_COLOURS = `(() => {
  const canvas = document.querySelector('.plot canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()`;
/** What the documents show. */
const SHOWN = [
  { file: 'console-fleet.png', path: 'fleet', colorScheme: 'light', width: 1280 },
  { file: 'console-rollout.png', path: 'rollouts/bad-line', colorScheme: 'light', width: 1280 },
  { file: 'console-host-dark.png', path: 'hosts/web-1', colorScheme: 'dark', width: 1280 },
  { file: 'console-fleet-narrow.png', path: 'fleet', colorScheme: 'light', width: 390 },
];
/** With this, these pictures are made anew. */
const PICTURES = process.env['FLEETWALL_TEST_PICTURES'] === 'true';
const PICTURE_FOLDER = join(import.meta.dirname, '../../../.github/images');
const GATE_VALUES = [1.5, 2, 2.25, 7.75];
const PATIENCE = { timeout: 30_000 };
const SCRIPT = '<img src=x onerror="window.ran = true"><script>window.ran = true</script>';
/** They turn the direction of text, or are for a terminal. */
const UNSAFE = ['\u202e', '\u2066', '\u001b'];
const TURNED = `a${UNSAFE.join('evil')}[31m`;
const LONG = 'long '.repeat(2_000);

let folder: string;
let broker: Rabbitmq;
let client: TestClient;
let host: TestHost;
let console_: TestConsole;
let browser: Browser;
let model: ChannelModel;
let channel: Channel;

const edge = (...rules: string[]) =>
  ['*filter', ':edge - [0:0]', '-A INPUT -j edge', ...rules, 'COMMIT', ''].join('\n');
const environment = () => ({ FLEETWALL_AMQP_URL: broker.url, XDG_STATE_HOME: folder });
const flags = () => ['--name', 'edge', '--confirm', 'none', '--host', 'web-1'];
const push = async (text: string) =>
  await fleetwall(['push', '-', ...flags()], { input: text, environment: environment() });

function say(event: FleetEvent): void {
  const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
  channel.publish(
    EVENTS_EXCHANGE,
    eventKey(event.data.hostId, event.type, outcome),
    Buffer.from(JSON.stringify(event)),
  );
}

/** Hosts that are there, and have what web-1 had before. */
function sayOthers(): void {
  const held = {
    name: 'edge',
    revision: 1,
    digest: `sha256:${'5e'.repeat(32)}`,
    scope: 'chains',
    inSync: true,
  };
  for (const [hostId, group] of [
    ['web-2', 'web'],
    ['db-1', 'db'],
    ['db-2', 'db'],
  ] as const) {
    const online = workerEventOf(hostId, [group, 'prod'], 'fleetwall.worker.online');
    const worker = { ...online.data.worker, version: '0.1.0' };
    say({ ...online, data: { ...online.data, worker, rulesets: [held] } } as FleetEvent);
  }
}

/** A rollout that looks at a gate again and again, which fails in the end. */
function sayGated(): void {
  const { started } = ROLLOUT_EXAMPLES;
  const rules = { digest: '5e'.repeat(32), everySeconds: 10, failures: 1, onInconclusive: 'pause' as const };
  const say_ = (event: RolloutEvent) =>
    channel.publish(
      OPERATOR_EXCHANGE,
      rolloutKey(event.data.rolloutId, event.type),
      Buffer.from(JSON.stringify(event)),
    );
  say_({ ...started, data: { ...started.data, gates: { names: ['errors'], ...rules } } });
  for (const [index, value] of GATE_VALUES.entries()) {
    const at_ = new Date(Date.parse(started.time) + (index + 1) * 10_000).toISOString();
    const verdict = value < 5 ? ('pass' as const) : ('fail' as const);
    const look = {
      name: 'errors',
      verdict,
      value: String(value),
      wanted: 'below 5',
      reason: `${value}, below 5`,
      at: at_,
    };
    const { rolloutId } = started.data;
    say_({
      ...started,
      id: `look-${index}`,
      time: at_,
      type: 'fleetwall.rollout.looked',
      data: { rolloutId, step: 0, looks: [look] },
    });
  }
}

/** A host that says whatever it likes. */
function sayHostile(): void {
  const online = workerEventOf('evil-1', ['web'], 'fleetwall.worker.online');
  const worker = { ...online.data.worker, kernel: `${SCRIPT}${LONG}`, iptables: TURNED, version: LONG };
  say({ ...online, data: { ...online.data, worker } } as FleetEvent);
  const failed = jobEventOf(
    'evil-1',
    { id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f99', action: 'apply' },
    'failed rule_rejected',
  );
  if (failed.type !== 'fleetwall.job.completed' || failed.data.failure === null)
    throw new Error('no failure');
  const { failure } = failed.data;
  const [line] = failure.lines;
  const lines = [
    { ...line, text: `${SCRIPT}${TURNED}`, reason: `${TURNED}${LONG}`, context: [{ line: 1, text: SCRIPT }] },
  ];
  say({
    ...failed,
    data: { ...failed.data, worker, failure: { ...failure, message: `${SCRIPT}${LONG}`, lines } },
  } as FleetEvent);
  const drift = driftEventOf('evil-1', 'edge');
  say({ ...drift, data: { ...drift.data, worker, by: { pid: 4711, name: SCRIPT } } } as FleetEvent);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-page-'));
  [broker, browser] = await Promise.all([Rabbitmq.start(), openBrowser()]);
  client = await TestClient.connect(broker.url);
  host = await TestHost.create({
    brokerUrl: broker.url,
    client,
    backend: 'nft',
    id: 'web-1',
    environment: { FLEETWALL_GROUPS: 'web' },
  });
  await host.start();
  console_ = await TestConsole.start(broker.url);
  model = await connect(broker.url);
  model.on('error', () => {});
  channel = await model.createChannel();
  expect((await push(edge('-A edge -s 192.0.2.1/32 -j DROP'))).status).toBe(0);
  sayOthers();
  sayGated();
});

afterAll(async () => {
  await browser?.close();
  await console_?.stop();
  await host?.remove();
  await Promise.all([client, model].map(async (open) => await open?.close().catch(() => {})));
  await broker?.stop();
  await rm(folder, { recursive: true });
});

const at = (path: string) => new URL(path, console_.url).href;
const sees = async (page: Page, text: string | RegExp) =>
  await expect.poll(async () => await page.locator('body').innerText(), PATIENCE).toMatch(text);

describe('the page', () => {
  it('shows a rollout that fails, while it does: the failing line appears', async () => {
    const { page, context, troubles } = await openPage(browser);
    await page.goto(at('rollouts'));
    process.kill(host.pid, 'SIGSTOP');
    const rollout = spawn(process.execPath, [MAIN, 'rollout', '-', ...flags(), '--id', 'bad-line'], {
      env: { PATH: process.env['PATH'], ...environment() },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = once(rollout, 'exit');
    rollout.stdin?.end(edge('-A edge -s 192.0.2.1/32 -j DROP', '-A edge -p tcp --dport 99999 -j DROP'));
    await page.getByRole('link', { name: 'bad-line' }).click(PATIENCE);
    await sees(page, /running/);
    expect(await page.locator('body').innerText()).not.toContain('99999');
    process.kill(host.pid, 'SIGCONT');
    await sees(page, /ipv4 line 5:\s+invalid port\/service `99999' specified/);
    await sees(page, />\s*5\s*\|\s*-A edge -p tcp --dport 99999 -j DROP/);
    await sees(page, /stopped/);
    expect(await ended).toEqual([1, null]);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('goes on live in two tabs, and shows how it was, which does not', async () => {
    const then = new Date().toISOString();
    const one = await openPage(browser);
    const other = await openPage(browser);
    const past = await openPage(browser);
    await Promise.all([one, other].map(async ({ page }) => await page.goto(at('fleet'))));
    await past.page.goto(at(`fleet?at=${then}`));
    await sees(past.page, /As it was at/);
    await sees(past.page, /edge@1/);
    expect((await push(edge('-A edge -s 192.0.2.2/32 -j DROP'))).status).toBe(0);
    for (const { page } of [one, other]) await sees(page, /edge@2/);
    expect(await past.page.locator('body').innerText()).not.toContain('edge@2');
    await past.page.getByRole('link', { name: 'Back to now' }).click();
    await sees(past.page, /edge@2/);
    for (const { troubles, context } of [one, other, past]) {
      expect(troubles).toEqual([]);
      await context.close();
    }
  });

  it('shows each change of a host with its difference', async () => {
    const { page, context, troubles } = await openPage(browser);
    await page.goto(at('hosts/web-1'));
    await sees(page, /edge\s+2\s+✓ in sync/);
    await sees(page, /\+\s*-A edge -s 192\.0\.2\.2\/32 -j DROP/);
    await sees(page, /-\s+-A edge -s 192\.0\.2\.1\/32 -j DROP/);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('is used by keyboard alone', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(at('fleet'));
    await sees(page, /web-1/);
    await page.keyboard.press('/');
    await page.keyboard.type('nobody-is-called-that');
    await sees(page, /No host is like that/);
    await expect.poll(() => page.url()).toContain('q=nobody-is-called-that');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('web-1');
    await sees(page, /web-1/);
    for (let press = 0; press < 40; press += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate<string>('document.activeElement.textContent')) === 'web-1') break;
    }
    await page.keyboard.press('Enter');
    await sees(page, /Host web-1/);
    await context.close();
  });

  it('draws what a gate found over time, and says it in words and numbers, too', async () => {
    const { page, context, troubles } = await openPage(browser);
    await page.goto(at(`rollouts/${ROLLOUT_EXAMPLES.started.data.rolloutId}`));
    await sees(page, /errors\s+✕ fail/);
    await page.getByText('All values (4 looks)').click();
    for (const value of GATE_VALUES) await sees(page, new RegExp(`\\b${value}\\b`));
    const plot = page.getByRole('img', {
      name: /last 7\.75, lowest 1\.5, highest 7\.75; 4 looks, 1 did not pass/,
    });
    expect((await plot.boundingBox())?.width).toBeGreaterThan(100);
    // It is drawn: not all of its points are of one colour.
    const colours = await page.evaluate<number>(COUNT_COLOURS);
    expect(colours).toBeGreaterThan(1);
    expect(await accessibilityFaults(page)).toEqual([]);
    await expectFits(page);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const)('is for everybody, and fits: %s, %i pixels wide', async (colorScheme, width) => {
    const viewport = { width, height: width === 390 ? 844 : 800 };
    const { page, context, troubles } = await openPage(browser, {
      colorScheme,
      viewport,
      reducedMotion: 'reduce',
    });
    if (PICTURES) await mkdir(PICTURE_FOLDER, { recursive: true });
    const { events } = await console_.get<EventsAnswer>('api/events?host=web-1&limit=1');
    for (const path of [
      'fleet',
      'rollouts',
      'rollouts/bad-line',
      'hosts/web-1',
      'events',
      `events/${events[0]?.offset}`,
      `fleet?at=${new Date().toISOString()}`,
    ]) {
      await page.goto(at(path));
      await sees(page, path.startsWith('rollouts') ? /bad-line/ : /web-1/);
      expect(await accessibilityFaults(page), path).toEqual([]);
      await expectFits(page);
      const picture = SHOWN.find(
        (one) => one.path === path && one.colorScheme === colorScheme && one.width === width,
      );
      if (PICTURES && picture !== undefined)
        await page.screenshot({ path: join(PICTURE_FOLDER, picture.file) });
    }
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('shows texts of hosts as text, however long and whatever is in them', async () => {
    sayHostile();
    const { page, context, troubles } = await openPage(browser);
    for (const path of ['fleet', 'hosts/evil-1', 'events', 'events?q=evil']) {
      await page.goto(at(path));
      await sees(page, /evil-1/);
      if (path.startsWith('hosts')) await sees(page, /window\.ran = true/);
      await expectFits(page);
      expect(await page.evaluate('window.ran')).toBeUndefined();
      for (const unsafe of UNSAFE) expect(await page.locator('body').innerText()).not.toContain(unsafe);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['fleet', 'hosts/evil-1', 'events']) {
      await page.goto(at(path));
      await sees(page, /evil-1/);
      await expectFits(page);
    }
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('says that the broker is away, and since when, and goes on when it is back', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(at('fleet'));
    await sees(page, /Live: connected to the broker/);
    await Promise.all([client.close(), model.close()]);
    await broker.kill();
    await sees(page, /The broker is away since/);
    await broker.restart();
    await sees(page, /Live: connected to the broker/);
    await expect
      .poll(async () => (await push(edge('-A edge -s 192.0.2.3/32 -j DROP'))).status, PATIENCE)
      .toBe(0);
    await sees(page, /edge@3/);
    await context.close();
  });

  it('says that the console is gone, and comes back with it', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(at('fleet'));
    await sees(page, /edge@3/);
    const { port } = new URL(console_.url);
    await console_.stop('SIGKILL');
    await sees(page, /cannot be reached/);
    expect((await push(edge('-A edge -s 192.0.2.4/32 -j DROP'))).status).toBe(0);
    console_ = await TestConsole.start(broker.url, '--listen', `127.0.0.1:${port}`);
    await sees(page, /edge@4/);
    expect(await page.locator('body').innerText()).not.toContain('cannot be reached');
    await context.close();
  });
});
