/**
 * The fleet on a page: how long the console takes to read a log of 1,000,000 events of 20,000 hosts, and what a browser sees of it.
 * `npm run bench -- console [EVENTS [HOSTS [SECONDS]]]`
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { openBrowser, openPage } from '../support/browser.ts';
import { TestConsole } from '../support/console.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { median, printTable } from './support/figures.ts';
import { LogOfEvents } from './support/log-of-events.ts';

const [events = 1_000_000, hosts = 20_000, seconds = 60] = process.argv.slice(2).map(Number);
const SPAN_MS = 3_600_000;
const ROUNDS = 5;
const A_SECOND = 500;
const TICK_MS = 100;
/** What is looked for; hosts whose name has it are a few of all. */
const FILTERS = ['host-19', 'group-7', 'rule_rejected', 'host-1234', 'host-77'];

/** Run in the page: the longest time between two frames until it is asked for again. */
const WATCH_FRAMES = `(() => {
  globalThis.longest = 0;
  let last = performance.now();
  const look = (now) => { globalThis.longest = Math.max(globalThis.longest, now - last); last = now; requestAnimationFrame(look); };
  requestAnimationFrame((now) => { last = now; look(now); });
})()`;

/** Run in the page: types into the filter, and says after how many milliseconds what it leaves is painted. */
const filterBy = (text: string) => `(async () => {
  const field = document.querySelector('input[type=search], #q, main input');
  const found = () => document.querySelector('#found').textContent;
  const before = found();
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, ${JSON.stringify(text)});
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  while (found() === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
})()`;

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

async function memoryOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return megabytes(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
}

async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return megabytes(usedSize);
}

const broker = await Rabbitmq.start();
const log = await LogOfEvents.open(broker.url, hosts);
const browser = await openBrowser();
const rows: string[][] = [['what', 'measured', 'goal']];
try {
  await log.publish(events, SPAN_MS);
  const console_ = await TestConsole.start(broker.url);
  const [, took = '?'] = / in ([\d.]+) s/.exec(console_.said) ?? [];
  rows.push([`start: a log of ${events} events of ${hosts} hosts is read`, `${took} s`, '-']);
  rows.push(['memory of the console then', await memoryOf(console_.pid), '-']);

  const paints: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page, context } = await openPage(browser);
    const began = performance.now();
    await page.goto(new URL('fleet', console_.url).href);
    await page
      .getByRole('link', { name: /^host-/ })
      .first()
      .waitFor();
    paints.push(performance.now() - began);
    await context.close();
  }
  rows.push(['first paint with data', `${Math.round(median(paints))} ms`, '1000 ms']);

  const { page } = await openPage(browser);
  await page.goto(new URL('fleet', console_.url).href);
  await page
    .getByRole('link', { name: /^host-/ })
    .first()
    .waitFor();
  const filtered: number[] = [];
  for (const text of FILTERS) filtered.push(await page.evaluate<number>(filterBy(text)));
  rows.push([
    'a filter',
    `${Math.round(median(filtered))} ms, at most ${Math.round(Math.max(...filtered))}`,
    '100 ms',
  ]);

  await page.goto(new URL('fleet', console_.url).href);
  await page
    .getByRole('link', { name: /^host-/ })
    .first()
    .waitFor();
  const before = [await memoryOf(console_.pid), await heapOf(page)];
  await page.evaluate(WATCH_FRAMES);
  for (let tick = 0; tick < (seconds * 1_000) / TICK_MS; tick += 1) {
    log.say((A_SECOND * TICK_MS) / 1_000);
    await sleep(TICK_MS);
  }
  const longest = await page.evaluate<number>('globalThis.longest');
  const after = [await memoryOf(console_.pid), await heapOf(page)];
  rows.push([
    `longest frame at ${A_SECOND} events a second, ${seconds} s`,
    `${Math.round(longest)} ms`,
    '100 ms',
  ]);
  rows.push(['memory of the console, before and after', `${before[0]} -> ${after[0]}`, 'flat']);
  rows.push(['heap of the page, before and after', `${before[1]} -> ${after[1]}`, 'flat']);
  printTable(rows);
  await console_.stop();
} finally {
  await browser.close();
  await log.close();
  await broker.stop();
}
